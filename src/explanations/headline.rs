//! The result for an image, and what the rules say about it.

use imageswap_engine::diagnostic::visible;
use imageswap_engine::rules::{Compiled, Decision, Effect, Explanation, Invalid};

use super::reasons::kept_reason_text;

/// Returns the result for an image and the deciding rule on one line.
pub(crate) fn headline(set: &Compiled, image: &str, explanation: &Explanation<'_>) -> String {
    let image = visible(image);
    let decision = match &explanation.decision {
        Ok(decision) => decision,
        Err(endless) => return format!("{image} {}", visible(&endless.to_string())),
    };
    let by = match decision.counted_rule() {
        Some(rule) => format!(" by {}", set.rule_name(rule)),
        None => String::new(),
    };
    match decision.effect() {
        Effect::Swap(result) => format!("{image} -> {result}{by}"),
        Effect::Keep if by.is_empty() => format!("{image} is kept: {}", kept_reason_text(explanation)),
        Effect::Keep => format!("{image} is kept{by}"),
        Effect::Deny => format!("{image} is denied{by}"),
        Effect::Invalid(Invalid::Image(error)) => {
            format!("{image} is not changed, because it is not a valid image: {error}")
        }
        Effect::Invalid(Invalid::Result(result)) => {
            format!(
                "{image} is not changed, because its swap{by} to `{}` does not produce a valid image",
                visible(result)
            )
        }
    }
}

/// Returns the reason of a decision, its warnings and its pull secrets, one line each.
pub(crate) fn texts_of(set: &Compiled, decision: &Decision<'_>) -> impl Iterator<Item = String> {
    let because = decision.counted_rule().and_then(|rule| set.because(rule));
    let because = because.map(|because| format!("because: {}", visible(because)));
    let warnings = decision.warnings().iter().map(|rule| {
        let because = set.because(*rule).unwrap_or_default();
        format!("warning from {}: {}", set.rule_name(*rule), visible(because))
    });
    let secrets = decision.pull_secrets().iter();
    let secrets = secrets.map(|secret| format!("pull secret: {secret}"));
    because.into_iter().chain(warnings).chain(secrets)
}

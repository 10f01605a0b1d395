//! What a map beside the rules, or by itself, makes of images that would be moved on the next time.

use crate::context::Context;
use crate::diagnostic::{Code, Diagnostic, SourceId};
use crate::rules::{Effect, RuleId};
use crate::rules::{LEGACY_RULE, RuleSet};
use crate::syntax::map::{Key, Statement, lines};

impl RuleSet {
    /// The lines of the map whose results a rule or another line takes up at the next admission: a second admission of
    /// the same object would move its image again.
    ///
    /// Each line is tried with an image of its own, so that the time is linear in the length of the map.
    #[must_use]
    pub fn lint_map(&self, source: SourceId, text: &str) -> Vec<Diagnostic> {
        let context = Context {
            namespace: Some("default"),
            ..Context::default()
        };
        lines(source, text)
            .filter_map(|line| {
                let Statement::Pair { key, .. } = &line.statement else {
                    return None;
                };
                let image = sample(key)?;
                let first = self.decide(&image, &context);
                let Effect::Swap(result) = first.effect else {
                    return None;
                };
                if first.rule != Some(RuleId::LEGACY) {
                    return None;
                }
                let again = self.decide(&result, &context);
                let next = match (again.effect, again.rule?) {
                    (Effect::Swap(next), RuleId::LEGACY) => format!("another line moves that on to `{next}`"),
                    (Effect::Swap(next), rule) => {
                        format!("`{}` moves that on to `{next}`", self.rule_name(rule))
                    }
                    (Effect::Deny, rule) => format!("`{}` refuses that", self.rule_name(rule)),
                    _ => return None,
                };
                Some(
                    Diagnostic::warning(
                        Code::MAP_MOVED_AGAIN,
                        format!("`{image}` becomes `{result}`, and the next time {next}"),
                        line.span,
                    )
                    .label(format!(
                        "the answer of the {LEGACY_RULE} is final, but a Pod may be admitted twice"
                    ))
                    .help(
                        "lead the line to the end of the chain at once, or keep what has arrived by a rule",
                    ),
                )
            })
            .collect()
    }
}

/// An image that a key is for.
fn sample(key: &str) -> Option<String> {
    match Key::parse(key) {
        Key::Exact(image) => Some(image.to_owned()),
        Key::Replace(glob) => {
            let is_plain = !glob.contains(['?', '[']);
            is_plain.then(|| glob.replace('*', "sample"))
        }
        Key::NoswapWildcards | Key::Registry("") => None,
        Key::Default => Some("registry.example.org/sample".to_owned()),
        Key::Registry(registry) => Some(format!("{registry}/sample")),
    }
}

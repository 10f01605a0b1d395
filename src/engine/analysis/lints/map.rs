//! Lines of a map whose results are swapped again at the next admission.

use crate::analysis::samples::of_key;
use crate::context::Context;
use crate::diagnostic::{Code, Diagnostic, Findings, SourceId};
use crate::rules::evaluate::Selection;
use crate::rules::{Compiled, Effect, LEGACY_RULE, RuleId};
use crate::syntax::map::{Statement, lines};

/// Returns a warning for each line of the map whose result a rule or another line swaps again at the next admission of
/// the same object.
///
/// Each line is tried with a sample image of its own, so the time is linear in the length of the map.
pub(crate) fn swapped_again(set: &Compiled, source: SourceId, text: &str) -> Findings {
    let context = Context {
        namespace: Some("default"),
        ..Context::default()
    };
    // A set that does not settle has other findings.
    let evaluate = |image: &str| set.evaluate(image, &context, Selection::default(), &mut ()).ok();
    lines(source, text)
        .filter_map(|line| {
            let Statement::Pair { key, .. } = &line.statement else {
                return None;
            };
            let image = of_key(key)?;
            let first = evaluate(&image)?;
            let rule = first.last_rule();
            let Effect::Swap(result) = first.into_effect() else {
                return None;
            };
            if rule != Some(RuleId::LEGACY) {
                return None;
            }
            let again = evaluate(&result)?;
            let next = match (again.effect(), again.last_rule()?) {
                (Effect::Swap(next), RuleId::LEGACY) => format!("another line swaps that again, to `{next}`"),
                (Effect::Swap(next), rule) => {
                    format!("`{}` swaps that again, to `{next}`", set.rule_name(rule))
                }
                (Effect::Deny, rule) => format!("`{}` denies that", set.rule_name(rule)),
                _ => return None,
            };
            Some(
                Diagnostic::warning(
                    Code::MAP_MOVED_AGAIN,
                    format!("`{image}` becomes `{result}`, and at the next admission {next}"),
                    line.span,
                )
                .label(format!(
                    "the answer of the {LEGACY_RULE} is final, but a Pod may be admitted more than once"
                ))
                .help("write the final target in the line, or add a `keep` for its result"),
            )
        })
        .collect()
}

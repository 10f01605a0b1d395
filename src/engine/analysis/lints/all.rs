//! All lints, in the order of the rules.

use super::allowed::is_allowed;
use super::reach::Reach;
use super::{sources, stays_anyway};
use crate::diagnostic::Findings;
use crate::rules::Compiled;

/// Returns all warnings, in the order of the rules.
pub(crate) fn lint(set: &Compiled) -> Findings {
    let reach = Reach::new(set);
    let mut findings = Findings::default();
    for (number, rule) in set.rules.iter().enumerate() {
        let found = [
            reach
                .matches_nothing(rule)
                .or_else(|| reach.never_fires(number, rule)),
            sources::loses_names(rule),
            reach.always_denied(rule),
            stays_anyway::stays_anyway(rule),
        ];
        findings.extend(
            found
                .into_iter()
                .flatten()
                .filter(|finding| !is_allowed(rule, finding)),
        );
    }
    findings.extend(sources::shared_targets(set));
    findings.extend(sources::bare_registries(set));
    findings.sort();
    findings
}

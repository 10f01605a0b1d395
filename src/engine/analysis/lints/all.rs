//! All lints, in the order of the rules.

use super::allowed::is_allowed;
use super::reach::Reach;
use super::{sources, stays_anyway};
use crate::diagnostic::{Diagnostic, Findings};
use crate::rules::Compiled;

/// Returns all warnings, in the order of the rules.
pub(crate) fn lint(set: &Compiled) -> Findings {
    let mut findings = Findings::default();
    each_lint(set, &mut |finding| findings.push(finding));
    findings.sort();
    findings
}

/// Reports each warning. A set may have more than [`Findings`] keep.
pub(crate) fn each_lint(set: &Compiled, report: &mut dyn FnMut(Diagnostic)) {
    let reach = Reach::new(set);
    for (number, rule) in set.rules.iter().enumerate() {
        let found = [
            reach
                .matches_nothing(rule)
                .or_else(|| reach.never_fires(number, rule)),
            sources::loses_names(rule),
            reach.always_denied(rule),
            stays_anyway::stays_anyway(rule),
        ];
        found
            .into_iter()
            .flatten()
            .filter(|finding| !is_allowed(rule, finding))
            .for_each(&mut *report);
    }
    sources::shared_targets(set, report);
    sources::bare_registries(set, report);
}

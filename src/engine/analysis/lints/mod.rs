//! What rules say and can't have been meant. Each lint has a name, by which a rule can be excused from it.

mod map;
mod reach;
mod samples;
mod sources;

use crate::diagnostic::{Code, Diagnostic};
use crate::rules::RuleSet;
use crate::rules::rule::Rule;
use crate::rules::template::{Piece, Placeholder, pieces};

/// All lints, in the order of the registry of codes.
pub(crate) const ALL: [Code; 7] = [
    Code::NEVER_FIRES,
    Code::SHARED_TARGET,
    Code::MATCHES_NOTHING,
    Code::ALWAYS_REFUSED,
    Code::BARE_REGISTRY,
    Code::IDLE_TEST,
    Code::STAYS_ANYWAY,
];

/// The number of the lint of this name.
pub(crate) fn number(name: &str) -> Option<usize> {
    ALL.iter().position(|lint| lint.as_str() == name)
}

/// Gives all warnings, in the order of the rules.
pub(crate) fn lint(set: &RuleSet) -> Vec<Diagnostic> {
    let reach = reach::Reach::new(set);
    let mut findings = Vec::new();
    for (number, rule) in set.rules.iter().enumerate() {
        let found = [
            reach
                .matches_nothing(rule)
                .or_else(|| reach.never_fires(number, rule)),
            sources::loses_names(rule),
            reach.always_refused(rule),
            stays_anyway(rule),
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
    findings.sort_by_key(Diagnostic::span);
    findings
}

fn is_allowed(rule: &Rule, finding: &Diagnostic) -> bool {
    number(finding.code.as_str()).is_some_and(|lint| rule.allowed.contains(lint))
}

/// A target that ends in `:{tag}` keeps nothing that would not stay, and drops the digest.
fn stays_anyway(rule: &Rule) -> Option<Diagnostic> {
    let target = rule.target.as_ref()?;
    let mut parts = pieces(target.tag()?);
    let is_tag = parts.next() == Some(Piece::Placeholder(Placeholder::Tag)) && parts.next().is_none();
    (is_tag && target.digest().is_none()).then(|| {
        Diagnostic::warning(
            Code::STAYS_ANYWAY,
            "the target ends in `:{tag}`, so it drops the digest",
            rule.span,
        )
        .label("tag and digest stay where the target names none")
        .help("leave `:{tag}` out; to keep both it is `:{tag}@{digest}`")
    })
}

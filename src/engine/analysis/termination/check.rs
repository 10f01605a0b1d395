//! The termination check, coarse step first.
//!
//! One swap leads to another if the other matches some result of the first. If no swap leads to itself, an image is
//! swapped at most once by each swap, so every evaluation settles. The registries come first: nearly all swaps lead
//! from a registry that rules match to one that none matches. The remaining swaps are compared pattern by pattern,
//! each only with those that begin alike, never every one with every other.

use super::part::Part;
use super::{cycle, registries, steps};
use crate::diagnostic::{Diagnostic, Findings};
use crate::rules::Compiled;

/// Returns an error for each cycle, and a notice if the set is slow to load.
pub(crate) fn check(set: &Compiled) -> Findings {
    // Once as the webhook evaluates, and once as the tests of the set run.
    let mut findings = Findings::from_iter(check_part(Part { set, with_off: false }));
    if set.rules.iter().any(|rule| rule.is_off) {
        for finding in check_part(Part { set, with_off: true }) {
            // A finding that both have is one.
            let is_known = |known: &Diagnostic| known.span() == finding.span() && known.code == finding.code;
            if !findings.iter().any(is_known) {
                findings.push(finding.note("this is so if no rule is off, as when the set's tests run"));
            }
        }
    }
    findings
}

fn check_part(part: Part<'_>) -> Vec<Diagnostic> {
    let suspects = registries::suspects(part);
    if suspects.is_empty() {
        return Vec::new();
    }
    let mut steps = match steps::Steps::new(part, suspects) {
        Ok(steps) => steps,
        Err(finding) => return vec![*finding],
    };
    steps.cut_at_covers();
    let mut findings = cycle::findings(part, &steps);
    findings.extend(steps.slow());
    findings
}

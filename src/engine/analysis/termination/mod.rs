//! The proof that deciding ends for every image.
//!
//! One swap leads to another if the other matches some image of the one's shape. Where no swap leads back to itself,
//! an image is swapped as often as there are swaps at most. First the registries are looked at: nearly all swaps lead
//! out of the registries that rules are for, and never come back. What is left is compared pattern by pattern, and
//! only with what begins alike: never every rule with every other.

mod cycle;
mod graph;
mod registries;
mod steps;

pub(crate) use self::steps::{are_alike, beginning, prefix_of};

use crate::diagnostic::Diagnostic;
use crate::rules::RuleSet;
use crate::rules::rule::Rule;

/// A part of a set that is proven by itself: with what is off left out, or with nothing off.
#[derive(Clone, Copy)]
struct Part<'r> {
    set: &'r RuleSet,
    nothing_is_off: bool,
}

impl<'r> Part<'r> {
    /// The rules of this part with their places.
    fn rules(self) -> impl Iterator<Item = (usize, &'r Rule)> {
        self.set
            .rules
            .iter()
            .enumerate()
            .filter(move |(_, rule)| self.nothing_is_off || !rule.is_off)
    }

    fn rule(self, number: usize) -> Option<&'r Rule> {
        self.set.rules.get(number)
    }

    /// Whether a rule has no condition.
    fn is_unconditional(self, rule: &Rule) -> bool {
        rule.conditions(&self.set.files).next().is_none()
    }
}

/// Gives an error for each circle.
pub(crate) fn prove(set: &RuleSet) -> Vec<Diagnostic> {
    let mut findings = prove_part(Part {
        set,
        nothing_is_off: false,
    });
    if set.rules.iter().any(|rule| rule.is_off) {
        for finding in prove_part(Part {
            set,
            nothing_is_off: true,
        }) {
            if !findings.iter().any(|known| known.span() == finding.span()) {
                findings.push(finding.note("this is so with nothing off, as the set's tests run"));
            }
        }
    }
    findings
}

fn prove_part(part: Part<'_>) -> Vec<Diagnostic> {
    let suspects = registries::suspects(part);
    if suspects.is_empty() {
        return Vec::new();
    }
    let mut steps = match steps::Steps::new(part, suspects) {
        Ok(steps) => steps,
        Err(finding) => return vec![*finding],
    };
    steps.cut_at_covers();
    cycle::findings(part, &steps)
}

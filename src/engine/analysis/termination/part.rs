//! The rules of a set that take part in a check.

use crate::rules::Compiled;
use crate::rules::rule::Rule;

/// A part of a set with a check of its own: without the rules that are off, or with them, since tests may turn them
/// on.
#[derive(Clone, Copy)]
pub(super) struct Part<'r> {
    pub(super) set: &'r Compiled,
    pub(super) with_off: bool,
}

impl<'r> Part<'r> {
    /// Returns the rules of this part with their positions in the set.
    pub(super) fn rules(self) -> impl Iterator<Item = (usize, &'r Rule)> {
        self.set
            .rules
            .iter()
            .enumerate()
            .filter(move |(_, rule)| self.with_off || !rule.is_off)
    }

    pub(super) fn rule(self, number: usize) -> Option<&'r Rule> {
        self.set.rules.get(number)
    }

    /// Returns true if a rule has no condition.
    pub(super) fn is_unconditional(self, rule: &Rule) -> bool {
        rule.conditions(&self.set.files).next().is_none()
    }
}

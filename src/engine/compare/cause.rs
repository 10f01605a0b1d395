//! The cause of a difference: the change of the rules that it results from.

use super::changes::{Change, RuleChanges};
use crate::compile::RuleSet;
use crate::context::Context;
use crate::rules::{Explanation, RuleId, Scope};

/// The cause of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// A changed rule, by its index in [`RuleChanges::all`].
    Rule(usize),
    /// Another `home`.
    Home,
    /// The old configuration, with rules or alone.
    Map,
    /// No single one of these.
    Other,
}

/// A comparison of two sets.
#[derive(Debug)]
pub struct Comparison<'s> {
    old: &'s RuleSet,
    new: &'s RuleSet,
    /// The rules that differ.
    pub changes: RuleChanges,
}

impl<'s> Comparison<'s> {
    /// Compares two sets.
    #[must_use]
    pub fn new(old: &'s RuleSet, new: &'s RuleSet) -> Self {
        Self {
            old,
            new,
            changes: RuleChanges::new(old, new),
        }
    }

    /// Returns true if both sets have the same `home`.
    #[must_use]
    pub fn is_home_same(&self) -> bool {
        self.old.home == self.new.home
    }

    /// Returns the cause of the difference of an image: the first step in which its two evaluations differ.
    #[must_use]
    pub fn cause(&self, image: &str, context: &Context<'_>) -> Cause {
        let old = self.old.explain(image, context, Scope::Found);
        let new = self.new.explain(image, context, Scope::Found);
        let (of_old, of_new) = (matches(&old), matches(&new));
        let mut places = of_old.iter().zip(&of_new);
        let is_pair = |(old, new): (&RuleId, &RuleId)| {
            let (Some(old), Some(new)) = (old.place(), new.place()) else {
                return false;
            };
            self.changes.is_pair(old, new)
                && self
                    .changes
                    .of_old(old)
                    .is_none_or(|change| self.is_moved_only(change))
        };
        let parted = places.by_ref().position(|pair| !is_pair(pair));
        let place = parted.unwrap_or(of_old.len().min(of_new.len()));
        let changes = [
            of_new
                .get(place)
                .and_then(|rule| self.changes.of_new(rule.place()?)),
            of_old
                .get(place)
                .and_then(|rule| self.changes.of_old(rule.place()?)),
        ];
        let mut candidates: Vec<usize> = changes.into_iter().flatten().collect();
        candidates.sort_by_key(|change| self.weight(*change));
        match candidates.first() {
            Some(change) => Cause::Rule(*change),
            None if !self.is_home_same() => Cause::Home,
            None if self.old.legacy.is_some() || self.new.legacy.is_some() => Cause::Map,
            None => Cause::Other,
        }
    }

    fn is_moved_only(&self, change: usize) -> bool {
        self.changes
            .all()
            .get(change)
            .is_some_and(|change| change.change == Change::Moved)
    }

    /// Orders causes, the more likely first: a rule that only one set has comes before a rule that has moved.
    fn weight(&self, change: usize) -> usize {
        match self.changes.all().get(change).map(|change| change.change) {
            Some(Change::Added) => 0,
            Some(Change::Removed) => 1,
            Some(Change::Off | Change::On) => 2,
            Some(Change::Changed) => 3,
            _ => 4,
        }
    }
}

/// Returns the rules that match during an evaluation, in order.
fn matches(explanation: &Explanation<'_>) -> Vec<RuleId> {
    explanation
        .rounds
        .iter()
        .flat_map(|round| &round.steps)
        .filter(|step| step.outcome.is_ok())
        .map(|step| step.rule)
        .collect()
}

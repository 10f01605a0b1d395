//! Why an image is decided otherwise: which change of the rules it comes of.

use super::changes::{Change, RuleChanges};
use crate::compile::RuleSet;
use crate::context::Context;
use crate::rules::{Explanation, RuleId, Scope};

/// What a difference comes of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// A rule that is not as it was, by its place in [`RuleChanges::all`].
    Rule(usize),
    /// Images come to rest elsewhere.
    Home,
    /// The old configuration, beside rules or alone.
    Map,
    /// Nothing of these by itself.
    Other,
}

/// Two sets side by side.
#[derive(Debug)]
pub struct Comparison<'s> {
    old: &'s RuleSet,
    new: &'s RuleSet,
    /// The rules that are not as they were.
    pub changes: RuleChanges,
}

impl<'s> Comparison<'s> {
    /// Puts two sets side by side.
    #[must_use]
    pub fn new(old: &'s RuleSet, new: &'s RuleSet) -> Self {
        Self {
            old,
            new,
            changes: RuleChanges::new(old, new),
        }
    }

    /// Whether home is the same in both.
    #[must_use]
    pub fn is_home_same(&self) -> bool {
        self.old.home == self.new.home
    }

    /// What the difference of an image comes of: what parts the two ways on which it is decided.
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

    /// The likelier cause first: a rule that is there in one set alone, before one that was moved.
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

/// The rules that match on the way, in order.
fn matches(explanation: &Explanation<'_>) -> Vec<RuleId> {
    explanation
        .rounds
        .iter()
        .flat_map(|round| &round.steps)
        .filter(|step| step.outcome.is_ok())
        .map(|step| step.rule)
        .collect()
}

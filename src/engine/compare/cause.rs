//! The cause of a difference: the change of the rules that it results from.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::changes::{Change, RuleChanges};
use super::compared_outcome::ComparedOutcome;
use super::difference::ComparedEnd;
use super::walks::{Walk, WalkRound, Walks};
use crate::compile::RuleSet;
use crate::context::Case;
use crate::rules::RuleId;

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
pub struct Comparison<'s> {
    old: &'s RuleSet,
    new: &'s RuleSet,
    /// The rules that differ.
    pub changes: RuleChanges,
    walks: [Walks<'s>; 2],
    /// Causes, by the rounds of both sets from which on the evaluations are compared.
    causes: HashMap<(u32, u32), Cause, FixedState>,
}

impl<'s> Comparison<'s> {
    /// Compares two sets.
    #[must_use]
    pub fn new(old: &'s RuleSet, new: &'s RuleSet) -> Self {
        Self {
            old,
            new,
            changes: RuleChanges::new(old, new),
            walks: [Walks::new(old), Walks::new(new)],
            causes: HashMap::default(),
        }
    }

    /// Returns true if both sets have the same `home`.
    #[must_use]
    pub fn is_home_same(&self) -> bool {
        self.old.home == self.new.home
    }

    /// Returns the cause if an image gets another result: the first step in which its two evaluations differ.
    ///
    /// Finds the same differences as [`difference`](super::difference()). Evaluations of one setting share their rounds,
    /// so that many of them take little time.
    pub fn cause(&mut self, case: &Case) -> Option<Cause> {
        let [in_old, in_new] = &mut self.walks;
        let (old, new) = (in_old.walk(case)?, in_new.walk(case)?);
        if is_same(self.old, &old, self.new, &new) {
            return None;
        }
        Some(self.first_parting(old.first, new.first))
    }

    /// Returns the outcomes of an image in both sets; `None` if it does not settle.
    pub fn outcomes(&mut self, case: &Case) -> Option<[ComparedOutcome<'s>; 2]> {
        let [in_old, in_new] = &mut self.walks;
        let (old, new) = (in_old.walk(case)?, in_new.walk(case)?);
        Some([
            in_old.outcome(&case.image, &old),
            in_new.outcome(&case.image, &new),
        ])
    }

    /// Returns the first step in which two evaluations differ.
    fn first_parting(&mut self, mut old: WalkRound, mut new: WalkRound) -> Cause {
        let mut passed = Vec::new();
        let cause = loop {
            let is_alike = old.matched.len() == new.matched.len()
                && old
                    .matched
                    .iter()
                    .zip(&new.matched)
                    .all(|pair| self.is_pair(pair));
            let next = old.next.zip(new.next).filter(|_| is_alike);
            let Some(pair) = next else {
                break self.parting_of(&old, &new);
            };
            if let Some(known) = self.causes.get(&pair) {
                break *known;
            }
            passed.push(pair);
            let [in_old, in_new] = &self.walks;
            match (in_old.round(pair.0), in_new.round(pair.1)) {
                (Some(next_old), Some(next_new)) => (old, new) = (next_old.clone(), next_new.clone()),
                _ => break Cause::Other,
            }
        };
        self.causes.extend(passed.into_iter().map(|pair| (pair, cause)));
        cause
    }

    /// Returns the cause of a difference from two rounds on, of which the first ones differ or are the last ones.
    fn parting_of(&self, old: &WalkRound, new: &WalkRound) -> Cause {
        let [in_old, in_new] = &self.walks;
        let (mut of_old, mut of_new) = (in_old.matched(old), in_new.matched(new));
        let (old, new) = loop {
            match (of_old.next(), of_new.next()) {
                (Some(old), Some(new)) if self.is_pair((&old, &new)) => {}
                parted => break parted,
            }
        };
        let changes = [
            new.and_then(|rule| self.changes.of_new(rule.place()?)),
            old.and_then(|rule| self.changes.of_old(rule.place()?)),
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

    /// Returns true if both are the same rule, which has at most moved.
    fn is_pair(&self, (old, new): (&RuleId, &RuleId)) -> bool {
        let (Some(old), Some(new)) = (old.place(), new.place()) else {
            return false;
        };
        self.changes.is_pair(old, new)
            && self
                .changes
                .of_old(old)
                .is_none_or(|change| self.is_moved_only(change))
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

/// Returns true if two evaluations have the same result.
fn is_same(old_set: &RuleSet, old: &Walk, new_set: &RuleSet, new: &Walk) -> bool {
    let [old_end, new_end] = [(old_set, old), (new_set, new)].map(|(set, walk)| ComparedEnd {
        set,
        kind: walk.first.end.kind,
        image: &walk.first.end.image,
        rule: walk.first.end.rule,
    });
    old.warnings == new.warnings && old.pull_secrets == new.pull_secrets && old_end.is_same(&new_end)
}

impl std::fmt::Debug for Comparison<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Comparison")
            .field("changes", &self.changes)
            .finish_non_exhaustive()
    }
}

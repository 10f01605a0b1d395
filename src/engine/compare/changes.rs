//! The rules that two sets share, and the changes of the others.

use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;

use crate::rules::rule::Rule;
use crate::rules::{Compiled, RuleId};

/// The change of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// Only the new set has it.
    Added,
    /// Only the old set has it.
    Removed,
    /// Its text has changed.
    Changed,
    /// Its order among the other rules has changed.
    Moved,
    /// An `off` turns it off now.
    Off,
    /// It is not off any more.
    On,
}

/// A rule that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleChange {
    /// The first that applies of: added, removed, off, on, changed, moved.
    pub change: Change,
    /// The rule in the old set.
    pub old: Option<RuleId>,
    /// The rule in the new set.
    pub new: Option<RuleId>,
    /// True if it has also moved, whatever its change is.
    pub is_moved: bool,
}

/// The rules of two sets, side by side. A rule is matched by its name, else by its text; by its pattern if the rest
/// has changed, and by its target if the pattern has changed.
#[derive(Debug)]
pub struct RuleChanges {
    changes: Vec<RuleChange>,
    /// For each rule by its position: the rule of the other set, and the index in `changes`.
    old: Vec<Fate>,
    new: Vec<Fate>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Fate {
    partner: Option<usize>,
    change: Option<usize>,
}

/// Keys that match rules, the most specific first.
const KEYS: [fn(&Compiled, &Rule) -> Option<u64>; 6] = [
    |_, rule| rule.name.as_ref().map(hash),
    |set, rule| Some(hash((said(set, rule), &rule.because, &rule.pull_secret))),
    |set, rule| Some(hash((rule.action, &rule.pattern, conditions(set, rule)))),
    |_, rule| Some(hash((rule.action, &rule.pattern))),
    |_, rule| Some(hash(&rule.pattern)),
    |set, rule| Some(hash((rule.target.as_ref()?, conditions(set, rule)))),
];

impl RuleChanges {
    /// Matches the rules of two sets.
    #[must_use]
    pub fn new(old: &Compiled, new: &Compiled) -> Self {
        let mut changes = Self {
            changes: Vec::new(),
            old: vec![Fate::default(); old.rules.len()],
            new: vec![Fate::default(); new.rules.len()],
        };
        for key in KEYS {
            changes.pair(old, new, key);
        }
        changes.list(old, new);
        changes
    }

    /// Returns the rules that differ, in the order of the new set. A removed rule is listed at its old position.
    #[must_use]
    pub fn all(&self) -> &[RuleChange] {
        &self.changes
    }

    /// Returns true if both are the same rule.
    pub(super) fn is_pair(&self, old: usize, new: usize) -> bool {
        self.new_of(old) == Some(new)
    }

    /// Returns the rule of the new set that matches a rule of the old one.
    pub(super) fn new_of(&self, old: usize) -> Option<usize> {
        self.old.get(old)?.partner
    }

    /// Returns the rule of the old set that matches a rule of the new one.
    pub(super) fn old_of(&self, new: usize) -> Option<usize> {
        self.new.get(new)?.partner
    }

    /// Returns the index in [`Self::all`] of a rule of the old set.
    pub(super) fn of_old(&self, rule: usize) -> Option<usize> {
        self.old.get(rule)?.change
    }

    /// Returns the index in [`Self::all`] of a rule of the new set.
    pub(super) fn of_new(&self, rule: usize) -> Option<usize> {
        self.new.get(rule)?.change
    }

    /// Pairs rules that have the same key and no partner yet, in order.
    fn pair(&mut self, old: &Compiled, new: &Compiled, key: fn(&Compiled, &Rule) -> Option<u64>) {
        let mut waiting: HashMap<u64, VecDeque<usize>> = HashMap::new();
        for (number, rule) in alone(&self.old, old) {
            if let Some(key) = key(old, rule) {
                waiting.entry(key).or_default().push_back(number);
            }
        }
        let pairs: Vec<(usize, usize)> = alone(&self.new, new)
            .filter_map(|(number, rule)| Some((waiting.get_mut(&key(new, rule)?)?.pop_front()?, number)))
            .collect();
        for (old, new) in pairs {
            if let (Some(of_old), Some(of_new)) = (self.old.get_mut(old), self.new.get_mut(new)) {
                (of_old.partner, of_new.partner) = (Some(new), Some(old));
            }
        }
    }

    fn list(&mut self, old: &Compiled, new: &Compiled) {
        let partners: Vec<(usize, usize)> = (0..)
            .zip(&self.new)
            .filter_map(|(number, fate)| Some((fate.partner?, number)))
            .collect();
        let stays = longest_ascent(&partners);
        // Each change with its position in the list: a removed rule follows the rule that was before it.
        let mut listed: Vec<(usize, usize, RuleChange)> = Vec::new();
        for (number, rule) in new.rules.iter().enumerate() {
            let partner = self.new.get(number).and_then(|fate| fate.partner);
            let change = match partner.and_then(|partner| Some((partner, old.rules.get(partner)?))) {
                None => Some((Change::Added, false)),
                Some((partner, before)) => {
                    let is_moved = !stays.contains(&partner);
                    let change = match (before.is_off, rule.is_off) {
                        (false, true) => Some(Change::Off),
                        (true, false) => Some(Change::On),
                        _ if !is_same(old, before, new, rule) => Some(Change::Changed),
                        _ => is_moved.then_some(Change::Moved),
                    };
                    change.map(|change| (change, is_moved))
                }
            };
            if let Some((change, is_moved)) = change {
                let change = RuleChange {
                    change,
                    old: partner.and_then(RuleId::new),
                    new: RuleId::new(number),
                    is_moved,
                };
                listed.push((number + 1, 1, change));
            }
        }
        let mut behind = 0;
        for (number, fate) in self.old.iter().enumerate() {
            match fate.partner {
                Some(partner) if stays.contains(&number) => behind = partner + 1,
                Some(_) => {}
                None => {
                    let change = RuleChange {
                        change: Change::Removed,
                        old: RuleId::new(number),
                        new: None,
                        is_moved: false,
                    };
                    listed.push((behind + 1, 0, change));
                }
            }
        }
        listed.sort_by_key(|(place, kind, _)| (*place, *kind));
        self.changes = listed.into_iter().map(|(_, _, change)| change).collect();
        for (place, change) in self.changes.iter().enumerate() {
            for (fates, rule) in [(&mut self.old, change.old), (&mut self.new, change.new)] {
                if let Some(fate) = rule.and_then(|rule| fates.get_mut(rule.place()?)) {
                    fate.change = Some(place);
                }
            }
        }
    }
}

/// Returns the rules without a partner.
fn alone<'f>(fates: &'f [Fate], set: &'f Compiled) -> impl Iterator<Item = (usize, &'f Rule)> {
    let rules = set.rules.iter().enumerate();
    rules
        .zip(fates)
        .filter(|(_, fate)| fate.partner.is_none())
        .map(|(rule, _)| rule)
}

fn hash(what: impl std::hash::Hash) -> u64 {
    FixedState::default().hash_one(what)
}

fn said(set: &Compiled, rule: &Rule) -> u64 {
    hash((rule.action, &rule.pattern, &rule.target, conditions(set, rule)))
}

fn conditions(set: &Compiled, rule: &Rule) -> u64 {
    hash(rule.conditions(&set.files).collect::<Vec<_>>())
}

fn is_same(old: &Compiled, before: &Rule, new: &Compiled, rule: &Rule) -> bool {
    before.action == rule.action
        && before.pattern == rule.pattern
        && before.target == rule.target
        && before.name == rule.name
        && before.because == rule.because
        && before.pull_secret == rule.pull_secret
        && before.conditions(&old.files).eq(rule.conditions(&new.files))
}

/// Returns the first elements of the longest subsequence of pairs that is ascending in both elements; the pairs are
/// ascending in the second.
fn longest_ascent(pairs: &[(usize, usize)]) -> std::collections::HashSet<usize> {
    // For each length, the pair that ends such a subsequence lowest; and for each pair, the one before it.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    let first_of = |place: usize| pairs.get(place).map_or(0, |(first, _)| *first);
    for (place, (first, _)) in pairs.iter().enumerate() {
        let length = ends.partition_point(|end| first_of(*end) < *first);
        before.push(length.checked_sub(1).and_then(|length| ends.get(length)).copied());
        match ends.get_mut(length) {
            Some(end) => *end = place,
            None => ends.push(place),
        }
    }
    let mut row = std::collections::HashSet::new();
    let mut next = ends.last().copied();
    while let Some(place) = next {
        row.insert(first_of(place));
        next = before.get(place).copied().flatten();
    }
    row
}

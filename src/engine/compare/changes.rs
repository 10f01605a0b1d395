//! Which rules of two sets are the same one, and what became of each.

use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;

use crate::rules::rule::Rule;
use crate::rules::{Compiled, RuleId};

/// What became of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// The new set has it, the old one has not.
    Added,
    /// The old set has it, the new one has not.
    Removed,
    /// It says something else.
    Changed,
    /// It stands above or below others than before.
    Moved,
    /// An `off` names it now.
    Off,
    /// No `off` names it any more.
    On,
}

/// A rule that is not as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleChange {
    /// What became of it; the first that is so of: added, removed, off, on, changed, moved.
    pub change: Change,
    /// The rule in the old set.
    pub old: Option<RuleId>,
    /// The rule in the new set.
    pub new: Option<RuleId>,
    /// Whether it stands elsewhere, whatever else became of it.
    pub is_moved: bool,
}

/// The rules of two sets, side by side. A rule is found again by its name, else by what it says; by its pattern where
/// the rest has changed, and by its target where the pattern has.
#[derive(Debug)]
pub struct RuleChanges {
    changes: Vec<RuleChange>,
    /// By the places in the sets: the rule of the other set, and the place in `changes`.
    old: Vec<Fate>,
    new: Vec<Fate>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Fate {
    partner: Option<usize>,
    change: Option<usize>,
}

/// By what a rule is found again, the most telling first.
const KEYS: [fn(&Compiled, &Rule) -> Option<u64>; 6] = [
    |_, rule| rule.name.as_ref().map(hash),
    |set, rule| Some(hash((said(set, rule), &rule.because, &rule.pull_secret))),
    |set, rule| Some(hash((rule.action, &rule.pattern, conditions(set, rule)))),
    |_, rule| Some(hash((rule.action, &rule.pattern))),
    |_, rule| Some(hash(&rule.pattern)),
    |set, rule| Some(hash((rule.target.as_ref()?, conditions(set, rule)))),
];

impl RuleChanges {
    /// Finds the rules of one set in another.
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

    /// The rules that are not as they were, in the order of the new set; those that were removed where they stood.
    #[must_use]
    pub fn all(&self) -> &[RuleChange] {
        &self.changes
    }

    /// Whether both are one rule.
    pub(super) fn is_pair(&self, old: usize, new: usize) -> bool {
        self.new_of(old) == Some(new)
    }

    /// What a rule of the old set is in the new one.
    pub(super) fn new_of(&self, old: usize) -> Option<usize> {
        self.old.get(old)?.partner
    }

    /// What a rule of the new set was in the old one.
    pub(super) fn old_of(&self, new: usize) -> Option<usize> {
        self.new.get(new)?.partner
    }

    /// The place in [`Self::all`] of a rule of the old set.
    pub(super) fn of_old(&self, rule: usize) -> Option<usize> {
        self.old.get(rule)?.change
    }

    /// The place in [`Self::all`] of a rule of the new set.
    pub(super) fn of_new(&self, rule: usize) -> Option<usize> {
        self.new.get(rule)?.change
    }

    /// Pairs what has the same key and no partner yet, in order.
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
        // Each change with where it is listed: what was removed, behind the rule that stood before it.
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

/// The rules without a partner.
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

/// Of pairs in ascending order of their second, the firsts of as many as stand in the same order in both.
fn longest_ascent(pairs: &[(usize, usize)]) -> std::collections::HashSet<usize> {
    // For each length the pair that ends such a row lowest, and for each pair the one before it.
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

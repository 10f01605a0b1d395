//! Parts of a rule that it does not have in the other of two sets.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::BuildHasher as _;
use std::rc::Rc;

use foldhash::fast::FixedState;

use super::changes::RuleChanges;
use super::settings::{self, solve};
use crate::context::Setting;
use crate::rules::Compiled;
use crate::rules::pattern::Pattern;
use crate::rules::rule::Rule;

/// Two sets, and the rules that they share.
pub(super) struct Partners<'s> {
    sets: [&'s Compiled; 2],
    changes: RuleChanges,
    /// Settings in which one group of conditions is true and another is not, by hashes of both, because many rules
    /// have the same ones.
    parting: RefCell<HashMap<u64, Rc<[Setting]>>>,
}

impl<'s> Partners<'s> {
    /// Returns the partners of two sets; `None` for any other number of sets.
    pub(super) fn new(sets: &[&'s Compiled]) -> Option<Self> {
        let [old, new] = *sets else {
            return None;
        };
        Some(Self {
            sets: [old, new],
            changes: RuleChanges::new(old, new),
            parting: RefCell::default(),
        })
    }

    /// Returns the set of a rule, the rule, and both on the other side.
    fn of(&self, side: usize, number: usize) -> Option<[(&'s Compiled, &'s Rule); 2]> {
        let [old, new] = self.sets;
        let (set, other, partner) = match side {
            0 => (old, new, self.changes.new_of(number)?),
            _ => (new, old, self.changes.old_of(number)?),
        };
        Some([(set, set.rules.get(number)?), (other, other.rules.get(partner)?)])
    }

    /// Returns true if a rule differs in the other set, or has moved.
    pub(super) fn differs(&self, side: usize, number: usize) -> bool {
        let change = match side {
            0 => self.changes.of_old(number),
            _ => self.changes.of_new(number),
        };
        change.is_some()
    }

    /// Returns the pattern that a rule has in the other set, if it differs.
    pub(super) fn other_pattern(&self, side: usize, number: usize) -> Option<&'s Pattern> {
        let [(_, rule), (_, other)] = self.of(side, number)?;
        (rule.pattern != other.pattern).then_some(&other.pattern)
    }

    /// Returns the settings in which the conditions of a rule are true, and its conditions in the other set are not.
    pub(super) fn settings(&self, side: usize, number: usize) -> Rc<[Setting]> {
        let Some([(set, rule), (other_set, other)]) = self.of(side, number) else {
            return Rc::default();
        };
        let wanted = settings::of_rule(set, rule);
        let others = settings::of_rule(other_set, other);
        let both = FixedState::default().hash_one((&wanted, &others));
        if let Some(known) = self.parting.borrow().get(&both) {
            return Rc::clone(known);
        }
        // Conditions that both have cannot tell them apart.
        let parting = others.iter().filter(|condition| !wanted.contains(condition));
        let settings: Rc<[Setting]> = parting
            .filter_map(|(condition, _)| {
                let mut apart = wanted.clone();
                apart.push((condition, false));
                solve(&apart)
            })
            .collect();
        self.parting.borrow_mut().insert(both, Rc::clone(&settings));
        settings
    }
}

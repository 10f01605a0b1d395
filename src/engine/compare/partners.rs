//! What a rule says that it does not say in the other of two sets.

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

/// Two sets, and which rule of one is which of the other.
pub(super) struct Partners<'s> {
    sets: [&'s Compiled; 2],
    changes: RuleChanges,
    /// The settings that part conditions from others, by hashes of both: many rules have the same ones.
    parting: RefCell<HashMap<u64, Rc<[Setting]>>>,
}

impl<'s> Partners<'s> {
    /// The partners in two sets; there are none in any other number of them.
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

    /// The set that a rule is in, the rule, and what both are on the other side.
    fn of(&self, side: usize, number: usize) -> Option<[(&'s Compiled, &'s Rule); 2]> {
        let [old, new] = self.sets;
        let (set, other, partner) = match side {
            0 => (old, new, self.changes.new_of(number)?),
            _ => (new, old, self.changes.old_of(number)?),
        };
        Some([(set, set.rules.get(number)?), (other, other.rules.get(partner)?)])
    }

    /// The pattern that a rule has in the other set, if it is another one.
    pub(super) fn other_pattern(&self, side: usize, number: usize) -> Option<&'s Pattern> {
        let [(_, rule), (_, other)] = self.of(side, number)?;
        (rule.pattern != other.pattern).then_some(&other.pattern)
    }

    /// The settings in which the conditions of a rule hold, and those that it has in the other set do not.
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
        // What they have in common can't part them.
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

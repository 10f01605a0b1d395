//! Time series by rule: at most 2,000 rules have one of their own, and the others share one.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use imageswap_engine::rules::LEGACY_RULE;

/// Maximum number of rules with a series of their own.
pub(crate) const MAX_SERIES: usize = 2_000;
/// Maximum number of series: of these rules, of the map, of no rule, and of the other rules.
pub(super) const MAX_ALL_SERIES: usize = MAX_SERIES + 3;
/// Label of the series that the other rules share.
const OTHER_RULES: &str = "(other)";
/// Label of what no rule decided.
const NO_RULE: &str = "(none)";

/// A value for each rule, by its label.
#[derive(Debug, Default)]
pub(crate) struct RuleSeries<T> {
    by_rule: Mutex<HashMap<String, Arc<T>>>,
    by_map: T,
    by_none: T,
    by_others: Arc<T>,
}

impl<T: Default> RuleSeries<T> {
    /// Returns the value of the map.
    pub(crate) fn of_map(&self) -> &T {
        &self.by_map
    }

    /// Returns the value of no rule.
    pub(crate) fn of_none(&self) -> &T {
        &self.by_none
    }

    /// Returns the value of a rule: its own, if there is room for it.
    pub(crate) fn of_rule(&self, label: &str) -> Arc<T> {
        let mut by_rule = self.lock();
        if let Some(known) = by_rule.get(label) {
            return Arc::clone(known);
        }
        if by_rule.len() >= MAX_SERIES {
            return Arc::clone(&self.by_others);
        }
        Arc::clone(by_rule.entry(label.to_owned()).or_default())
    }

    /// Returns the value of a rule, if it has one of its own.
    pub(crate) fn known(&self, label: &str) -> Option<Arc<T>> {
        self.lock().get(label).map(Arc::clone)
    }

    /// Returns true if rules share this value.
    pub(crate) fn is_shared(&self, value: &Arc<T>) -> bool {
        Arc::ptr_eq(value, &self.by_others)
    }

    /// Removes the values of rules whose labels are not among these. Takes the labels only up to the last one that is
    /// needed: the series of most sets are those of a few rules near the start.
    pub(crate) fn forget_removed(&self, mut labels: impl Iterator<Item = String>) {
        let mut removed: HashSet<String> = self.lock().keys().cloned().collect();
        while !removed.is_empty() {
            let Some(label) = labels.next() else {
                // Rules that were added meanwhile are not among the removed ones.
                return self.lock().retain(|label, _| !removed.contains(label));
            };
            removed.remove(&label);
        }
    }

    /// Calls a function for each value, with its label.
    pub(crate) fn each(&self, mut observe: impl FnMut(&str, &T)) {
        for (label, value) in &*self.lock() {
            observe(label, value);
        }
        observe(LEGACY_RULE, &self.by_map);
        observe(NO_RULE, &self.by_none);
        observe(OTHER_RULES, &self.by_others);
    }
}

impl<T> RuleSeries<T> {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<T>>> {
        self.by_rule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

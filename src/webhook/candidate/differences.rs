//! The differences by rule of the candidate: counters, and samples in the log.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use imageswap_engine::rules::LEGACY_RULE;
use opentelemetry::KeyValue;
use opentelemetry::metrics::AsyncInstrument;

use crate::webhook::logging::Limited;
use crate::webhook::metrics::{MAX_SERIES, NO_RULE, OTHER_RULES};
use crate::webhook::reload::LoadedRules;

/// Minimum interval between two samples of a rule in the log.
const SAMPLE_INTERVAL: Duration = Duration::from_secs(1);

/// The differences by the label of the rule, as in the metric of images.
#[derive(Debug, Default)]
pub(super) struct Differences(Mutex<HashMap<String, RuleDifferences>>);

/// The differences of one rule.
#[derive(Debug)]
struct RuleDifferences {
    count: u64,
    samples: Limited,
}

impl Differences {
    /// Counts a difference. Returns the label of its series and, if a sample may be logged now, the number of differences
    /// without one since the last.
    pub(super) fn count(&self, rule: Option<&str>) -> Option<u64> {
        let mut rules = self.lock();
        let rule = match rule {
            None => NO_RULE,
            Some(rule) if rule == LEGACY_RULE || rules.len() < MAX_SERIES || rules.contains_key(rule) => rule,
            Some(_) => OTHER_RULES,
        };
        if let Some(known) = rules.get_mut(rule) {
            known.count += 1;
            return known.samples.admit();
        }
        let first = RuleDifferences {
            count: 1,
            samples: Limited::new(SAMPLE_INTERVAL),
        };
        let admitted = first.samples.admit();
        rules.insert(rule.to_owned(), first);
        admitted
    }

    /// Forgets the rules that a new candidate does not have.
    pub(super) fn forget_rules_without(&self, set: &LoadedRules) {
        let mut removed: HashSet<String> = self.lock().keys().cloned().collect();
        for label in [NO_RULE, LEGACY_RULE, OTHER_RULES] {
            removed.remove(label);
        }
        set.counts.keep_removed(&set.rules, &mut removed);
        // Rules that were added meanwhile are not among the removed ones.
        self.lock().retain(|rule, _| !removed.contains(rule));
    }

    /// Observes every series.
    pub(super) fn observe(&self, counter: &dyn AsyncInstrument<u64>) {
        for (rule, RuleDifferences { count, .. }) in &*self.lock() {
            counter.observe(*count, &[KeyValue::new("rule", rule.clone())]);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, RuleDifferences>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_beyond_the_limit_share_a_series_and_its_samples() {
        let differences = Differences::default();
        for rule in 0..MAX_SERIES + 10 {
            differences.count(Some(&format!("rule-{rule}")));
        }
        differences.count(None);
        differences.count(Some(LEGACY_RULE));
        assert_eq!(differences.count(Some("rule-0")), None, "the second in a second");
        let rules = differences.lock();
        let count = |rule: &str| rules[rule].count;
        assert_eq!(rules.len(), MAX_SERIES + 3);
        assert_eq!(
            [OTHER_RULES, NO_RULE, LEGACY_RULE, "rule-0"].map(count),
            [10, 1, 1, 2]
        );
    }
}

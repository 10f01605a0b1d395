//! The differences by rule of the candidate: counters, and samples in the log.

use std::time::Duration;

use imageswap_engine::rules::LEGACY_RULE;
use opentelemetry::KeyValue;
use opentelemetry::metrics::AsyncInstrument;

use super::counters::SharedCounter;
use crate::webhook::logging::Limited;
use crate::webhook::metrics::RuleSeries;
use crate::webhook::reload::LoadedRules;

/// Minimum interval between two samples of a rule in the log.
const SAMPLE_INTERVAL: Duration = Duration::from_secs(1);

/// The differences by the label of the rule, as in the metric of images.
#[derive(Debug, Default)]
pub(super) struct Differences(RuleSeries<RuleDifferences>);

/// The differences of one rule.
#[derive(Debug)]
struct RuleDifferences {
    count: SharedCounter,
    samples: Limited,
}

impl Default for RuleDifferences {
    fn default() -> Self {
        Self {
            count: SharedCounter::default(),
            samples: Limited::new(SAMPLE_INTERVAL),
        }
    }
}

impl RuleDifferences {
    fn count(&self) -> Option<u64> {
        self.count.add(1);
        self.samples.admit()
    }
}

impl Differences {
    /// Counts a difference. If a sample may be logged now, returns the number of differences without one since the last.
    pub(super) fn count(&self, rule: Option<&str>) -> Option<u64> {
        match rule {
            None => self.0.of_none().count(),
            Some(LEGACY_RULE) => self.0.of_map().count(),
            Some(rule) => self.0.of_rule(rule).count(),
        }
    }

    /// Forgets the rules that a new candidate does not have.
    pub(super) fn forget_rules_without(&self, set: &LoadedRules) {
        self.0.forget_removed(set.counts.labels(&set.rules));
    }

    /// Observes every series that has been counted once.
    pub(super) fn observe(&self, counter: &dyn AsyncInstrument<u64>) {
        self.0.each(|rule, differences| {
            let count = differences.count.value();
            if count > 0 {
                counter.observe(count, &[KeyValue::new("rule", rule.to_owned())]);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::webhook::metrics::MAX_SERIES;

    #[test]
    fn rules_beyond_the_limit_share_a_series_and_its_samples() {
        let differences = Differences::default();
        for rule in 0..MAX_SERIES + 10 {
            differences.count(Some(&format!("rule-{rule}")));
        }
        differences.count(None);
        differences.count(Some(LEGACY_RULE));
        assert_eq!(differences.count(Some("rule-0")), None, "the second in a second");
        let mut rules = HashMap::new();
        differences.0.each(|rule, differences| {
            rules.insert(rule.to_owned(), differences.count.value());
        });
        assert_eq!(rules.len(), MAX_SERIES + 3);
        assert_eq!(
            ["(other)", "(none)", LEGACY_RULE, "rule-0"].map(|rule| rules[rule]),
            [10, 1, 1, 2]
        );
    }
}

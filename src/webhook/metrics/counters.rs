//! Counts of what reviews came to, cheap enough for the path of every Pod.
//!
//! A labelled counter of OpenTelemetry looks its series up at each count. Here the labels have few values, so
//! a series is a place in an array, and OpenTelemetry comes for the sums when it is asked for them.

use std::sync::atomic::{AtomicU64, Ordering};

use imageswap_engine::admission::{ImageEffect, LeftReason, Outcome};
use imageswap_engine::context::Operation;
use opentelemetry::KeyValue;
use opentelemetry::metrics::AsyncInstrument;

/// What can't be told apart, and what a client could make up.
const OTHER: &str = "other";
/// The kinds that have a label of their own.
const KINDS: [&str; 10] = [
    "Pod",
    "CronJob",
    "DaemonSet",
    "Deployment",
    "Job",
    "PodTemplate",
    "ReplicaSet",
    "ReplicationController",
    "StatefulSet",
    OTHER,
];
const OPERATIONS: [&str; 5] = ["CREATE", "UPDATE", "DELETE", "CONNECT", OTHER];
const OUTCOMES: [&str; 9] = [
    Outcome::Patched.as_str(),
    Outcome::Unchanged.as_str(),
    Outcome::Denied.as_str(),
    Outcome::Left.as_str(),
    Refused::Malformed.as_str(),
    Refused::TooLarge.as_str(),
    Refused::TooSlow.as_str(),
    Refused::NoTurn.as_str(),
    Refused::Broken.as_str(),
];

/// Why a request was refused before there was a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The body is no review.
    Malformed,
    /// The body is too long.
    TooLarge,
    /// The body did not arrive in time.
    TooSlow,
    /// The turn of the body did not come in time.
    NoTurn,
    /// The connection broke.
    Broken,
}

/// The counts of requests, by kind, operation and outcome.
#[derive(Debug)]
pub(crate) struct Requests([[[AtomicU64; OUTCOMES.len()]; OPERATIONS.len()]; KINDS.len()]);

/// The counts of images that were left alone, by reason.
#[derive(Debug)]
pub(crate) struct ImagesLeft([AtomicU64; LeftReason::ALL.len()]);

/// The counts of images that one rule decided, by effect.
#[derive(Debug, Default)]
pub(crate) struct ImagesDecided([AtomicU64; EFFECTS.len()]);

const EFFECTS: [&str; 3] = ["swap", "keep", "deny"];

impl Default for Requests {
    fn default() -> Self {
        Self(
            [const { [const { [const { AtomicU64::new(0) }; OUTCOMES.len()] }; OPERATIONS.len()] };
                KINDS.len()],
        )
    }
}

impl Default for ImagesLeft {
    fn default() -> Self {
        Self([const { AtomicU64::new(0) }; LeftReason::ALL.len()])
    }
}

impl Requests {
    /// Counts an answered review.
    pub(crate) fn reviewed(&self, kind: &str, operation: Option<Operation>, outcome: Outcome) {
        let operation = operation.map_or(OTHER, Operation::as_str);
        self.count(kind, operation, outcome.as_str());
    }

    /// Counts a request that was refused.
    pub(crate) fn refused(&self, why: Refused) {
        self.count(OTHER, OTHER, why.as_str());
    }

    fn count(&self, kind: &str, operation: &str, outcome: &str) {
        let place = |names: &[&str], name: &str| {
            names
                .iter()
                .position(|known| *known == name)
                .unwrap_or(names.len() - 1)
        };
        let (kind, operation, outcome) = (
            place(&KINDS, kind),
            place(&OPERATIONS, operation),
            place(&OUTCOMES, outcome),
        );
        if let Some(count) = self
            .0
            .get(kind)
            .and_then(|counts| counts.get(operation)?.get(outcome))
        {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Tells every series that has been counted once.
    pub(crate) fn observe(&self, counter: &dyn AsyncInstrument<u64>) {
        for (kind, counts) in KINDS.iter().zip(&self.0) {
            for (operation, counts) in OPERATIONS.iter().zip(counts) {
                for (outcome, count) in OUTCOMES.iter().zip(counts) {
                    let labels = || {
                        [
                            KeyValue::new("kind", *kind),
                            KeyValue::new("operation", *operation),
                            KeyValue::new("outcome", *outcome),
                        ]
                    };
                    observe(counter, count, labels);
                }
            }
        }
    }
}

impl ImagesLeft {
    pub(crate) fn count(&self, reason: LeftReason) {
        let place = LeftReason::ALL.iter().position(|known| *known == reason);
        if let Some(count) = place.and_then(|place| self.0.get(place)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn observe(&self, counter: &dyn AsyncInstrument<u64>) {
        for (reason, count) in LeftReason::ALL.iter().zip(&self.0) {
            observe(counter, count, || [KeyValue::new("reason", reason.as_str())]);
        }
    }
}

impl ImagesDecided {
    /// How many series each rule can have.
    pub(crate) const EFFECTS: usize = EFFECTS.len();

    /// Counts an image, unless it was left alone.
    pub(crate) fn count(&self, effect: &ImageEffect) {
        let [swap, keep, deny] = &self.0;
        let count = match effect {
            ImageEffect::Swap(_) => swap,
            ImageEffect::Keep => keep,
            ImageEffect::Deny => deny,
            ImageEffect::Left(_) => return,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn observe(&self, rule: &str, counter: &dyn AsyncInstrument<u64>) {
        for (effect, count) in EFFECTS.iter().zip(&self.0) {
            observe(counter, count, || {
                [
                    KeyValue::new("effect", *effect),
                    KeyValue::new("rule", rule.to_owned()),
                ]
            });
        }
    }
}

fn observe<const N: usize>(
    counter: &dyn AsyncInstrument<u64>,
    count: &AtomicU64,
    labels: impl FnOnce() -> [KeyValue; N],
) {
    let count = count.load(Ordering::Relaxed);
    if count > 0 {
        counter.observe(count, &labels());
    }
}

impl Refused {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::TooLarge => "too-large",
            Self::TooSlow => "too-slow",
            Self::NoTurn => "no-turn",
            Self::Broken => "broken",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// What was observed, a line a series.
    #[derive(Default)]
    struct Observed(Mutex<Vec<String>>);

    impl AsyncInstrument<u64> for Observed {
        fn observe(&self, count: u64, labels: &[KeyValue]) {
            let labels: Vec<_> = labels.iter().map(|label| label.value.to_string()).collect();
            self.0
                .lock()
                .unwrap()
                .push(format!("{} {count}", labels.join(" ")));
        }
    }

    #[test]
    fn a_series_is_there_once_it_has_been_counted_and_what_is_unknown_is_other() {
        let requests = Requests::default();
        requests.reviewed("Pod", Some(Operation::Create), Outcome::Patched);
        requests.reviewed("Pod", Some(Operation::Create), Outcome::Patched);
        requests.reviewed("Made-Up", None, Outcome::Left);
        requests.refused(Refused::Broken);
        let observed = Observed::default();
        requests.observe(&observed);
        let observed = observed.0.into_inner().unwrap();
        assert_eq!(
            observed,
            [
                "Pod CREATE patched 2",
                "other other left 1",
                "other other broken 1"
            ]
        );
    }
}

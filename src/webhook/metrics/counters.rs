//! Counters of reviews and images, cheap enough for the path of every Pod.
//!
//! A labeled counter of OpenTelemetry looks up its series at each increment. These labels have few values, so a series
//! is an element of an array, which the values index. OpenTelemetry observes the sums.

use std::sync::atomic::{AtomicU64, Ordering};

use imageswap_engine::admission::{ImageEffect, ReviewOutcome, ReviewedRequest, SkipReason, Workload};
use imageswap_engine::context::Operation;
use imageswap_engine::label;
use opentelemetry::KeyValue;
use opentelemetry::metrics::AsyncInstrument;

/// Label of a value that a request does not have or that the webhook does not know.
const OTHER: &str = "other";

/// The reason why the webhook rejects a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rejected {
    /// The body is not a review.
    Malformed,
    /// The body is too long.
    TooLarge,
    /// The body did not arrive in time.
    TooSlow,
    /// The budget had no memory for the body in time.
    NoMemory,
    /// The connection broke.
    Broken,
    /// The evaluation passed the deadline.
    TimedOut,
}

label!(Rejected {
    Malformed => "malformed",
    TooLarge => "too-large",
    TooSlow => "too-slow",
    NoMemory => "no-memory",
    Broken => "broken",
    TimedOut => "timed-out",
});

/// The effect of a rule on an image, as a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EffectLabel {
    Swap,
    Keep,
    Deny,
    WouldSwap,
    WouldDeny,
}

label!(EffectLabel {
    Swap => "swap",
    Keep => "keep",
    Deny => "deny",
    WouldSwap => "would-swap",
    WouldDeny => "would-deny",
});

/// Kind of the objects that `/validate` is for.
const CONFIG_MAP: &str = "ConfigMap";
/// One more than the workloads, for ConfigMaps.
const KINDS: usize = Workload::ALL.len() + 1;
/// One more than the operations, for requests without one.
const OPERATIONS: usize = Operation::ALL.len() + 1;
const OUTCOMES: usize = ReviewOutcome::ALL.len();
/// Values of the label that tells whether the caller asked for a dry run, each at its index.
const DRY_RUN: [&str; 2] = ["false", "true"];

/// The counters of requests: of reviews by kind, operation, dry run of the caller and outcome, and of rejected requests
/// by the reason.
#[derive(Debug)]
pub(crate) struct Requests {
    reviewed: [[[[AtomicU64; OUTCOMES]; DRY_RUN.len()]; OPERATIONS]; KINDS],
    rejected: [AtomicU64; Rejected::ALL.len()],
}

/// The counters of skipped images, by the reason.
#[derive(Debug)]
pub(crate) struct ImagesSkipped([AtomicU64; SkipReason::ALL.len()]);

/// The counters of images that one rule decided, by effect.
#[derive(Debug, Default)]
pub(crate) struct ImagesDecided([AtomicU64; EffectLabel::ALL.len()]);

impl Default for Requests {
    fn default() -> Self {
        Self {
            reviewed: [const {
                [const { [const { [const { AtomicU64::new(0) }; OUTCOMES] }; DRY_RUN.len()] }; OPERATIONS]
            }; KINDS],
            rejected: [const { AtomicU64::new(0) }; Rejected::ALL.len()],
        }
    }
}

impl Default for ImagesSkipped {
    fn default() -> Self {
        Self([const { AtomicU64::new(0) }; SkipReason::ALL.len()])
    }
}

impl Requests {
    /// Counts an answered review.
    pub(crate) fn reviewed(&self, request: &ReviewedRequest<'_>, outcome: ReviewOutcome) {
        let kind = match request.kind.as_ref() {
            CONFIG_MAP => KINDS - 1,
            kind => Workload::from_name(kind) as usize,
        };
        let operation = request
            .operation
            .map_or(OPERATIONS - 1, |operation| operation as usize);
        increment(&self.reviewed[kind][operation][usize::from(request.dry_run)][outcome as usize]);
    }

    /// Counts a rejected request.
    pub(crate) fn rejected(&self, reason: Rejected) {
        increment(&self.rejected[reason as usize]);
    }

    /// Observes every series that has been counted once.
    pub(crate) fn observe(&self, counter: &dyn AsyncInstrument<u64>) {
        let labels = |kind, operation, dry_run, outcome| {
            [
                KeyValue::new("dry_run", dry_run),
                KeyValue::new("kind", kind),
                KeyValue::new("operation", operation),
                KeyValue::new("outcome", outcome),
            ]
        };
        let operations = || Operation::ALL.map(Operation::as_str).into_iter().chain([OTHER]);
        let kinds = Workload::ALL
            .map(Workload::as_str)
            .into_iter()
            .chain([CONFIG_MAP]);
        for (kind, counts) in kinds.zip(&self.reviewed) {
            for (operation, counts) in operations().zip(counts) {
                for (dry_run, counts) in DRY_RUN.into_iter().zip(counts) {
                    for (outcome, count) in ReviewOutcome::ALL.iter().zip(counts) {
                        observe(counter, count, || {
                            labels(kind, operation, dry_run, outcome.as_str())
                        });
                    }
                }
            }
        }
        for (reason, count) in Rejected::ALL.iter().zip(&self.rejected) {
            observe(counter, count, || {
                labels(OTHER, OTHER, DRY_RUN[0], reason.as_str())
            });
        }
    }
}

impl ImagesSkipped {
    pub(crate) fn count(&self, reason: SkipReason, images: usize) {
        self.0[reason as usize].fetch_add(u64::try_from(images).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(crate) fn observe(&self, counter: &dyn AsyncInstrument<u64>) {
        for (reason, count) in SkipReason::ALL.iter().zip(&self.0) {
            observe(counter, count, || [KeyValue::new("reason", reason.as_str())]);
        }
    }
}

impl ImagesDecided {
    /// The number of series that a rule can have.
    pub(crate) const EFFECTS: usize = EffectLabel::ALL.len();

    /// Counts an image, unless it was skipped.
    pub(crate) fn count(&self, effect: &ImageEffect) {
        let effect = match effect {
            ImageEffect::Swap(_) => EffectLabel::Swap,
            ImageEffect::Keep => EffectLabel::Keep,
            ImageEffect::Deny => EffectLabel::Deny,
            ImageEffect::WouldSwap(_) => EffectLabel::WouldSwap,
            ImageEffect::WouldDeny => EffectLabel::WouldDeny,
            ImageEffect::Skipped(_) => return,
        };
        increment(&self.0[effect as usize]);
    }

    /// Returns the number of images with each effect that one had.
    pub(crate) fn by_effect(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = EffectLabel::ALL.iter().zip(&self.0);
        counts
            .map(|(effect, count)| (effect.as_str(), count.load(Ordering::Relaxed)))
            .filter(|(_, count)| *count > 0)
    }

    pub(crate) fn observe(&self, rule: &str, counter: &dyn AsyncInstrument<u64>) {
        for (effect, count) in EffectLabel::ALL.iter().zip(&self.0) {
            observe(counter, count, || {
                [
                    KeyValue::new("effect", effect.as_str()),
                    KeyValue::new("rule", rule.to_owned()),
                ]
            });
        }
    }
}

fn increment(count: &AtomicU64) {
    count.fetch_add(1, Ordering::Relaxed);
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// The observed series, one line each.
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

    fn request(kind: &str, operation: Option<Operation>, dry_run: bool) -> ReviewedRequest<'_> {
        ReviewedRequest {
            uid: "u".into(),
            kind: kind.into(),
            namespace: None,
            name: None,
            operation,
            dry_run,
        }
    }

    #[test]
    fn series_exists_once_counted_and_unknown_values_are_other() {
        let requests = Requests::default();
        requests.reviewed(
            &request("Pod", Some(Operation::Create), false),
            ReviewOutcome::Patched,
        );
        requests.reviewed(
            &request("Pod", Some(Operation::Create), false),
            ReviewOutcome::Patched,
        );
        requests.reviewed(
            &request("Pod", Some(Operation::Create), true),
            ReviewOutcome::Patched,
        );
        requests.reviewed(&request("Made-Up", None, false), ReviewOutcome::Skipped);
        requests.rejected(Rejected::Broken);
        let observed = Observed::default();
        requests.observe(&observed);
        let observed = observed.0.into_inner().unwrap();
        assert_eq!(
            observed,
            [
                "false Pod CREATE patched 2",
                "true Pod CREATE patched 1",
                "false other other skipped 1",
                "false other other broken 1"
            ]
        );
    }

    #[test]
    fn every_label_value_has_its_own_series() {
        let (requests, skipped, decided) = (
            Requests::default(),
            ImagesSkipped::default(),
            ImagesDecided::default(),
        );
        let mut expected = Vec::new();
        let kinds = Workload::ALL.map(Workload::as_str);
        for kind in kinds.into_iter().chain([CONFIG_MAP]) {
            for operation in Operation::ALL.map(Some).into_iter().chain([None]) {
                for dry_run in [false, true] {
                    for outcome in ReviewOutcome::ALL {
                        requests.reviewed(&request(kind, operation, dry_run), outcome);
                        let operation = operation.map_or(OTHER, Operation::as_str);
                        expected.push(format!("{dry_run} {kind} {operation} {} 1", outcome.as_str()));
                    }
                }
            }
        }
        for reason in Rejected::ALL {
            requests.rejected(reason);
            expected.push(format!("false other other {} 1", reason.as_str()));
        }
        for reason in SkipReason::ALL {
            skipped.count(reason, 1);
            expected.push(format!("{} 1", reason.as_str()));
        }
        for effect in [
            ImageEffect::Swap("x".to_owned()),
            ImageEffect::Keep,
            ImageEffect::Deny,
            ImageEffect::WouldSwap("x".to_owned()),
            ImageEffect::WouldDeny,
        ] {
            decided.count(&effect);
        }
        decided.count(&ImageEffect::Skipped(SkipReason::Auto));
        expected.extend(
            ["swap", "keep", "deny", "would-swap", "would-deny"].map(|effect| format!("{effect} r 1")),
        );
        let observed = Observed::default();
        requests.observe(&observed);
        skipped.observe(&observed);
        decided.observe("r", &observed);
        assert_eq!(observed.0.into_inner().unwrap(), expected);
    }
}

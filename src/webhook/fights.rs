//! Fights with controllers: the places to which original images come back, their counters, and the log.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use imageswap_engine::admission::{Arrival, Fights, ImageEffect, PodOwner, Reviewed, Workload, keep_rule};
use imageswap_engine::compile::RuleSet;
use opentelemetry::KeyValue;
use opentelemetry::metrics::AsyncInstrument;
use tokio::time::{MissedTickBehavior, interval};

use super::logging::Limited;
use super::metrics::RuleCounts;

/// Time after which the number of arrivals halves. Controllers that compare images do so within minutes.
const AGE: Duration = Duration::from_secs(3600);
/// Minimum interval between two lines of the log. A fight is logged once in an hour, but there may be many.
const LOG_INTERVAL: Duration = Duration::from_secs(1);
/// Label of Pods without an owner.
const NO_OWNER: &str = "(none)";

/// The fights that this replica has seen.
#[derive(Debug)]
pub(crate) struct SharedFights {
    places: Mutex<Fights>,
    by_kind: [AtomicU64; Workload::ALL.len()],
    without_owner: AtomicU64,
    lines: Limited,
}

impl Default for SharedFights {
    fn default() -> Self {
        Self {
            places: Mutex::default(),
            by_kind: [const { AtomicU64::new(0) }; Workload::ALL.len()],
            without_owner: AtomicU64::new(0),
            lines: Limited::new(LOG_INTERVAL),
        }
    }
}

impl SharedFights {
    /// Counts the original images of a review that came back, and logs the fights that are new.
    pub(crate) fn reviewed(&self, reviewed: &Reviewed<'_>, rules: &RuleSet, counts: &RuleCounts) {
        // Nearly every Pod has a generated name, and gets no further.
        let Some(arrivals) = &reviewed.arrivals else {
            return;
        };
        let owner = arrivals.owner.as_ref();
        for arrival in &arrivals.places {
            let mut admitted = None;
            // The line is written later, without the lock.
            let report = || {
                admitted = self.lines.admit();
                admitted.is_some()
            };
            let is_fight = self.lock().count(arrival, report);
            if !is_fight {
                continue;
            }
            let counter = match owner {
                Some(owner) => &self.by_kind[owner.workload() as usize],
                None => &self.without_owner,
            };
            counter.fetch_add(1, Ordering::Relaxed);
            if let Some(suppressed) = admitted {
                log(reviewed, arrival, owner, rules, counts, suppressed);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Fights> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Observes every series, also those with 0, so that `rate` sees the first fight.
    pub(crate) fn observe(&self, counter: &dyn AsyncInstrument<u64>) {
        let kinds = Workload::ALL.map(Workload::as_str).into_iter().zip(&self.by_kind);
        for (kind, count) in kinds.chain([(NO_OWNER, &self.without_owner)]) {
            let count = count.load(Ordering::Relaxed);
            counter.observe(count, &[KeyValue::new("owner_kind", kind)]);
        }
    }

    /// Forgets places over time. Never returns.
    pub(crate) async fn age(self: Arc<Self>) {
        let mut tick = interval(AGE);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            self.lock().age();
        }
    }
}

/// Logs a fight, with the rule that ends it.
fn log(
    reviewed: &Reviewed<'_>,
    arrival: &Arrival,
    owner: Option<&PodOwner<'_>>,
    rules: &RuleSet,
    counts: &RuleCounts,
    suppressed: u64,
) {
    let Some(image) = reviewed.images.get(arrival.image) else {
        return;
    };
    let ImageEffect::Swap(result) = &image.effect else {
        return;
    };
    // The rule of the first round: above a later one, the rule to add would never see the original image.
    let first = image.rules.first().copied().or(image.rule);
    tracing::warn!(
        uid = reviewed.request.uid.as_ref(),
        namespace = reviewed.request.namespace.as_deref(),
        name = reviewed.request.name.as_deref(),
        operation = reviewed
            .request
            .operation
            .map(imageswap_engine::context::Operation::as_str),
        owner = owner.map(|owner| tracing::field::display(owner.owner())),
        owner_name = owner.map(|owner| owner.name.as_ref()),
        image = image.image.as_ref(),
        result,
        rule = first.map(|rule| counts.label(rules, rule)),
        rule_line = first.and_then(|rule| rules.rule_line(rule)),
        add_above = keep_rule(&image.image, owner),
        suppressed,
        "fight: a controller puts the original image back"
    );
}

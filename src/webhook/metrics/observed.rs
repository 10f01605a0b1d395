//! Metrics whose values are read when they are collected: each has a function that reads them.

use std::sync::Arc;
use std::time::SystemTime;

use opentelemetry::KeyValue;
use opentelemetry::metrics::AsyncInstrument;

use super::instruments::{CANDIDATE_DIFFERENCES, IMAGES, Metrics};
use crate::webhook::status::{Reloaded, Status};

/// Numbers of rules of the active set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RuleTotals {
    /// Rules that can match, and lines of a map.
    pub(crate) active: usize,
    /// Rules that are off.
    pub(crate) off: usize,
}

/// Use of the memory for bodies and answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BodyMemory {
    /// Memory that is charged, in bytes.
    pub(crate) in_use: usize,
    /// Number of requests that wait for memory.
    pub(crate) waiting: usize,
}

impl Metrics {
    pub(super) fn observe_status(&self, status: &Arc<Status>) {
        let reloads = Arc::clone(status);
        // Series with the value 0 are exported too, so that `rate` sees the first failure.
        self.counter(
            "imageswap_reloads",
            "Number of reloads, by object and result.",
            move |counter| {
                for object in Reloaded::ALL {
                    let record = reloads.record(object);
                    for (result, count) in [("ok", record.succeeded), ("failed", record.failed)] {
                        let labels = [
                            KeyValue::new("result", result),
                            KeyValue::new("what", object.as_str()),
                        ];
                        counter.observe(count, &labels);
                    }
                }
            },
        );
        let attempts = Arc::clone(status);
        self.gauge(
            "imageswap_config_last_reload_successful",
            "1 if the files match the active version, 0 while a rejected version is mounted; by object.",
            move |gauge| {
                for object in Reloaded::ALL {
                    let record = attempts.record(object);
                    // Before the first version there is nothing to say.
                    if record.last_attempt.is_some() {
                        let is_successful = record.error.is_none();
                        gauge.observe(is_successful.into(), &[KeyValue::new("what", object.as_str())]);
                    }
                }
            },
        );
        let matched = Arc::clone(status);
        self.timestamp(
            "imageswap_config_last_reload_success_timestamp",
            "Time of the last successful reload, or of the start, in seconds since the Unix epoch; by object.",
            move |gauge| {
                for object in Reloaded::ALL {
                    if let Some(time) = matched.record(object).last_success {
                        gauge.observe(since_epoch(time), &[KeyValue::new("what", object.as_str())]);
                    }
                }
            },
        );
        let active = Arc::clone(status);
        self.gauge(
            "imageswap_rules_info",
            "Digest of the active rules, as a label; the value is always 1.",
            move |gauge| {
                if let Some(digest) = active.record(Reloaded::Rules).active {
                    gauge.observe(1, &[KeyValue::new("digest", digest.to_string())]);
                }
            },
        );
        let loaded = Arc::clone(status);
        self.timestamp(
            "imageswap_rules_loaded_timestamp",
            "Time at which the active rules were loaded, in seconds since the Unix epoch.",
            move |gauge| {
                if let Some(time) = loaded.record(Reloaded::Rules).active_since {
                    gauge.observe(since_epoch(time), &[]);
                }
            },
        );
    }

    /// Registers the gauges of the active rules, which `totals` returns.
    pub(crate) fn observe_rules(&self, totals: impl Fn() -> RuleTotals + Clone + Send + Sync + 'static) {
        let all = totals.clone();
        self.gauge(
            "imageswap_rules",
            "Number of rules of the active set, with the lines of a map, and without rules that are off.",
            move |gauge| gauge.observe(all().active as u64, &[]),
        );
        self.gauge(
            "imageswap_rules_off",
            "Number of rules of the active set that are off.",
            move |gauge| gauge.observe(totals().off as u64, &[]),
        );
    }

    /// Registers the gauges of the memory for bodies and answers, which `budget` returns.
    pub(crate) fn observe_bodies(&self, budget: impl Fn() -> BodyMemory + Clone + Send + Sync + 'static) {
        let waiting = budget.clone();
        self.gauge(
            "imageswap_reviews_waiting",
            "Number of reviews that wait for memory.",
            move |gauge| gauge.observe(waiting().waiting as u64, &[]),
        );
        self.meter()
            .u64_observable_gauge("imageswap_body_memory")
            .with_unit("By")
            .with_description("Memory that bodies and answers are charged for, in bytes.")
            .with_callback(move |gauge| gauge.observe(budget().in_use as u64, &[]))
            .build();
    }

    /// Registers the counter of lines of the log that were dropped, which `count` returns.
    pub(crate) fn observe_dropped_lines(&self, count: impl Fn() -> u64 + Send + Sync + 'static) {
        self.counter(
            "imageswap_log_lines_dropped",
            "Number of lines of the log that were dropped, because nobody read them fast enough.",
            move |counter| counter.observe(count(), &[]),
        );
    }

    /// Registers the counter of images, which `observe` reads from the active rules.
    pub(crate) fn observe_images(&self, observe: impl Fn(&dyn AsyncInstrument<u64>) + Send + Sync + 'static) {
        self.counter(
            IMAGES,
            "Number of evaluated images, by the rule that decided and its effect.",
            observe,
        );
    }

    /// Registers the counter of fights, which `observe` reads.
    pub(crate) fn observe_fights(&self, observe: impl Fn(&dyn AsyncInstrument<u64>) + Send + Sync + 'static) {
        self.counter("imageswap_fights", "Number of original images that a controller put back and the webhook swapped again, by kind of the owner.", observe);
    }

    /// Registers the counters of the candidate: its differences by rule, the reviews that it did not evaluate, and the
    /// images that it did.
    pub(crate) fn observe_candidate(
        &self,
        observe_differences: impl Fn(&dyn AsyncInstrument<u64>) + Send + Sync + 'static,
        dropped: impl Fn() -> u64 + Send + Sync + 'static,
        evaluated: impl Fn() -> u64 + Send + Sync + 'static,
    ) {
        self.counter(CANDIDATE_DIFFERENCES, "Number of images on which the candidate differs from the active rules, by its rule that decided.", observe_differences);
        self.counter(
            "imageswap_candidate_dropped",
            "Number of reviews that the candidate did not evaluate.",
            move |counter| counter.observe(dropped(), &[]),
        );
        self.counter(
            "imageswap_candidate_images",
            "Number of images that the candidate evaluated.",
            move |counter| counter.observe(evaluated(), &[]),
        );
    }

    /// Registers the gauge of the dry run of the webhook.
    pub(crate) fn observe_dry_run(&self, dry_run: bool) {
        self.gauge(
            "imageswap_dry_run",
            "1 if the webhook runs with --dry-run, so that it changes and denies nothing; else 0.",
            move |gauge| gauge.observe(dry_run.into(), &[]),
        );
    }

    /// Registers the gauge of the last good set, which `is_active` reads.
    pub(crate) fn observe_last_good(&self, is_active: impl Fn() -> bool + Send + Sync + 'static) {
        self.gauge(
            "imageswap_last_good_active",
            "1 while the last good set is active, because the mounted rules are rejected or empty; else 0.",
            move |gauge| gauge.observe(is_active().into(), &[]),
        );
    }

    /// Registers the gauges of open connections, which `count` returns for each port, and of their limit.
    pub(crate) fn observe_connections(
        &self,
        count: impl Fn() -> Vec<(&'static str, usize, usize)> + Clone + Send + Sync + 'static,
    ) {
        let ports = count.clone();
        self.gauge(
            "imageswap_connections",
            "Number of open connections, by port.",
            move |gauge| {
                for (port, count, _) in count() {
                    gauge.observe(count as u64, &[KeyValue::new("port", port)]);
                }
            },
        );
        self.gauge(
            "imageswap_connections_limit",
            "Maximum number of open connections, by port.",
            move |gauge| {
                for (port, _, limit) in ports() {
                    gauge.observe(limit as u64, &[KeyValue::new("port", port)]);
                }
            },
        );
    }

    /// Registers the gauge of the active certificate's expiry, which `expiry` returns in seconds since the Unix epoch,
    /// once there is one.
    pub(crate) fn observe_certificate_expiry(
        &self,
        expiry: impl Fn() -> Option<i64> + Send + Sync + 'static,
    ) {
        self.meter()
            .i64_observable_gauge("imageswap_certificate_expiry_timestamp")
            .with_unit("s")
            .with_description(
                "Time at which the active certificate expires, in seconds since the Unix epoch.",
            )
            .with_callback(move |gauge| {
                if let Some(expiry) = expiry() {
                    gauge.observe(expiry, &[]);
                }
            })
            .build();
    }

    /// Registers a counter.
    pub(super) fn counter(
        &self,
        name: &'static str,
        about: &'static str,
        observe: impl Fn(&dyn AsyncInstrument<u64>) + Send + Sync + 'static,
    ) {
        let counter = self.meter().u64_observable_counter(name).with_description(about);
        counter.with_callback(observe).build();
    }

    /// Registers a gauge.
    fn gauge(
        &self,
        name: &'static str,
        about: &'static str,
        observe: impl Fn(&dyn AsyncInstrument<u64>) + Send + Sync + 'static,
    ) {
        let gauge = self.meter().u64_observable_gauge(name).with_description(about);
        gauge.with_callback(observe).build();
    }

    /// Registers a gauge of seconds since the Unix epoch.
    fn timestamp(
        &self,
        name: &'static str,
        about: &'static str,
        observe: impl Fn(&dyn AsyncInstrument<f64>) + Send + Sync + 'static,
    ) {
        let gauge = self.meter().f64_observable_gauge(name).with_unit("s");
        gauge.with_description(about).with_callback(observe).build();
    }
}

fn since_epoch(time: SystemTime) -> f64 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs_f64()
}

//! The metrics of the webhook: OpenTelemetry instruments, in the format of Prometheus.
//!
//! Every label has a bounded number of values. A value that a client can choose freely becomes `other`.

use std::sync::Arc;
use std::time::Duration;

use imageswap_engine::admission::{BreakGlassReview, ConfigMapReview, ImageEffect, ReviewOutcome, Reviewed};
use imageswap_engine::compile::RuleSet;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, Meter, MeterProvider as _};
use opentelemetry_sdk::error::OTelSdkError;
use opentelemetry_sdk::metrics::{Instrument, SdkMeterProvider, Stream};
use prometheus::proto::MetricFamily;
use prometheus::{Encoder as _, Registry, TextEncoder};

use super::counters::{ImagesSkipped, Rejected, Requests};
use super::rule_counts::{MAX_TIME_SERIES, RuleCounts};
use crate::webhook::status::Status;

/// Upper bounds of the buckets of the duration, in seconds. A small review takes less than a millisecond.
const DURATION_BUCKETS: [f64; 17] = [
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0,
];
/// Name of the counter of images by rule.
pub(super) const IMAGES: &str = "imageswap_images";
/// Name of the counter of the candidate's differences by rule.
pub(super) const CANDIDATE_DIFFERENCES: &str = "imageswap_candidate_differences";

/// The instruments.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    provider: SdkMeterProvider,
    meter: Meter,
    counters: Arc<Counters>,
    duration: Histogram<f64>,
    handshake_failures: Counter<u64>,
}

#[derive(Debug, Default)]
struct Counters {
    requests: Requests,
    skipped: ImagesSkipped,
}

impl Metrics {
    /// Returns the instruments. Those about reloads read the status.
    pub(crate) fn new(status: &Arc<Status>) -> Result<Self, OTelSdkError> {
        let registry = Registry::new();
        let reader = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            .scope_info_enabled(false)
            .without_target_info()
            .build()?;
        let provider = SdkMeterProvider::builder()
            .with_reader(reader)
            .with_view(raise_series_limit)
            .build();
        let meter = provider.meter("imageswap");
        // The exporter appends the unit and `_total` to the names.
        let metrics = Self {
            counters: Arc::default(),
            duration: meter
                .f64_histogram("imageswap_request_duration")
                .with_unit("s")
                .with_description("Duration of requests for a review, in seconds, from the head of the request to the answer.")
                .with_boundaries(DURATION_BUCKETS.to_vec())
                .build(),
            handshake_failures: meter
                .u64_counter("imageswap_tls_handshake_failures")
                .with_description("Number of failed TLS handshakes.")
                .build(),
            registry,
            provider,
            meter,
        };
        // Without this the series would exist only after the first failure, and `rate` would miss that failure.
        metrics.handshake_failures.add(0, &[]);
        metrics.observe_build();
        metrics.observe_process();
        metrics.observe_counters();
        metrics.observe_status(status);
        Ok(metrics)
    }

    pub(super) fn meter(&self) -> &Meter {
        &self.meter
    }

    fn observe_build(&self) {
        let version = [KeyValue::new("version", env!("CARGO_PKG_VERSION"))];
        self.meter
            .u64_observable_gauge("imageswap_build_info")
            .with_description("Version of the running webhook, as a label; the value is always 1.")
            .with_callback(move |gauge| gauge.observe(1, &version))
            .build();
    }

    /// Adds the metrics of the process that many dashboards have, such as `process_resident_memory_bytes`.
    fn observe_process(&self) {
        #[cfg(target_os = "linux")]
        {
            use prometheus::process_collector::ProcessCollector;
            // The registry is new, so none of their names is taken.
            let _ = self.registry.register(Box::new(ProcessCollector::for_self()));
        }
    }

    fn observe_counters(&self) {
        let counters = Arc::clone(&self.counters);
        self.counter(
            "imageswap_requests",
            "Number of requests for a review, by kind, operation, dry run of the caller and outcome.",
            move |counter| counters.requests.observe(counter),
        );
        let counters = Arc::clone(&self.counters);
        self.counter(
            "imageswap_images_skipped",
            "Number of images that were not evaluated or could not be swapped, by reason.",
            move |counter| counters.skipped.observe(counter),
        );
    }

    /// Counts an answered review.
    pub(crate) fn reviewed(
        &self,
        reviewed: &Reviewed<'_>,
        rules: &RuleSet,
        counts: &RuleCounts,
        took: Duration,
    ) {
        self.counters
            .requests
            .reviewed(&reviewed.request, reviewed.outcome);
        self.duration.record(took.as_secs_f64(), &[]);
        // The API server discards the object of a dry run, so its images never run.
        if reviewed.request.dry_run {
            return;
        }
        for image in &reviewed.images {
            match &image.effect {
                ImageEffect::Skipped(reason) => self.counters.skipped.count(*reason, 1),
                effect => counts.count(rules, image.rule, effect),
            }
        }
        for (reason, count) in reviewed.more.counts().filter(|(_, count)| *count > 0) {
            self.counters.skipped.count(reason, count);
        }
    }

    /// Counts a rejected request.
    pub(crate) fn rejected(&self, reason: Rejected, took: Duration) {
        self.counters.requests.rejected(reason);
        self.duration.record(took.as_secs_f64(), &[]);
    }

    /// Counts an answered review of a workload's break-glass label.
    pub(crate) fn break_glass(&self, review: &BreakGlassReview<'_>, took: Duration) {
        self.counters.requests.reviewed(&review.request, review.outcome);
        self.duration.record(took.as_secs_f64(), &[]);
    }

    /// Counts an answered review of a ConfigMap. It is not in the histogram of durations, which is about Pods: an
    /// evaluation takes as long as a reload.
    pub(crate) fn validated(&self, review: &ConfigMapReview<'_>, outcome: ReviewOutcome) {
        self.counters.requests.reviewed(&review.request, outcome);
    }

    /// Counts a rejected request about a ConfigMap.
    pub(crate) fn validation_rejected(&self, reason: Rejected) {
        self.counters.requests.rejected(reason);
    }

    /// Counts a handshake that failed.
    pub(crate) fn handshake_failed(&self) {
        self.handshake_failures.add(1, &[]);
    }

    /// Returns all metrics as text, with its media type.
    pub(crate) fn render(&self) -> prometheus::Result<(Vec<u8>, String)> {
        let encoder = TextEncoder::new();
        let mut text = Vec::new();
        encoder.encode(&self.gather(), &mut text)?;
        Ok((text, encoder.format_type().to_owned()))
    }

    /// Returns all metrics.
    pub(super) fn gather(&self) -> Vec<MetricFamily> {
        self.registry.gather()
    }

    pub(crate) fn shut_down(&self) {
        // An error is ignored: Prometheus pulls the metrics, so there is nothing to flush.
        let _ = self.provider.shutdown();
    }
}

/// Raises the limit of series for the counters by rule, so that OpenTelemetry never reaches it.
///
/// Beyond 2,000 series OpenTelemetry adds up those that come last in a collection, so a rule could lose its series.
/// Each has a limit of its own, and a rule with a series keeps it.
fn raise_series_limit(instrument: &Instrument) -> Option<Stream> {
    let room = || {
        Stream::builder()
            .with_cardinality_limit(MAX_TIME_SERIES)
            .build()
            .ok()
    };
    [IMAGES, CANDIDATE_DIFFERENCES]
        .contains(&instrument.name())
        .then(room)
        .flatten()
}

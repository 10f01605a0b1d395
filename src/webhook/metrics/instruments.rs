//! What the webhook counts, as OpenTelemetry metrics in the format of Prometheus.
//!
//! No label has an unbounded range: what a client could make up is `other`.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use imageswap_engine::admission::{ImageEffect, Reviewed};
use imageswap_engine::compile::RuleSet;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{AsyncInstrument, Counter, Histogram, Meter, MeterProvider as _};
use opentelemetry_sdk::error::OTelSdkError;
use opentelemetry_sdk::metrics::{Instrument, SdkMeterProvider, Stream};
use prometheus::{Encoder as _, Registry, TextEncoder};

use super::counters::{ImagesSkipped, Rejected, Requests};
use super::rule_counts::{MAX_TIME_SERIES, RuleCounts};
use crate::webhook::status::{Reloaded, Status};

/// Upper bounds of the buckets of the duration, in seconds. A small review takes less than a millisecond.
const DURATION_BUCKETS: [f64; 17] = [
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0,
];
/// The counter of images, by rules.
const IMAGES: &str = "imageswap_images";

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
        // The exporter puts unit and `_total` behind the names.
        let metrics = Self {
            counters: Arc::default(),
            duration: meter
                .f64_histogram("imageswap_request_duration")
                .with_unit("s")
                .with_description("How long reviews took, from the head of the request to the answer.")
                .with_boundaries(DURATION_BUCKETS.to_vec())
                .build(),
            handshake_failures: meter
                .u64_counter("imageswap_tls_handshake_failures")
                .with_description("TLS handshakes that failed.")
                .build(),
            registry,
            provider,
            meter,
        };
        // A series that is only there once something went wrong is one that no alert can be tried on.
        metrics.handshake_failures.add(0, &[]);
        metrics.observe_build();
        metrics.observe_counters();
        metrics.observe_status(status);
        Ok(metrics)
    }

    fn observe_build(&self) {
        let version = [KeyValue::new("version", env!("CARGO_PKG_VERSION"))];
        self.meter
            .u64_observable_gauge("imageswap_build_info")
            .with_description("Always 1; the label says which version runs.")
            .with_callback(move |gauge| gauge.observe(1, &version))
            .build();
    }

    fn observe_counters(&self) {
        let observe_as =
            |name: &'static str, about: &'static str, observe: fn(&Counters, &dyn AsyncInstrument<u64>)| {
                let counters = Arc::clone(&self.counters);
                let counter = self.meter.u64_observable_counter(name).with_description(about);
                counter
                    .with_callback(move |counter| observe(&counters, counter))
                    .build();
            };
        observe_as(
            "imageswap_requests",
            "Requests for a review, by what came of them.",
            |counters, counter| counters.requests.observe(counter),
        );
        observe_as(
            "imageswap_images_skipped",
            "Number of images that were not evaluated or could not be swapped, by reason.",
            |counters, counter| counters.skipped.observe(counter),
        );
    }

    fn observe_status(&self, status: &Arc<Status>) {
        let reloads = Arc::clone(status);
        // A failure that has not happened has a series too: an alert can be tried only on a series that exists.
        self.meter
            .u64_observable_counter("imageswap_reloads")
            .with_description("Changed rules and certificates, by whether they are in force now.")
            .with_callback(move |counter| {
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
            })
            .build();
        let active = Arc::clone(status);
        self.meter
            .u64_observable_gauge("imageswap_rules_info")
            .with_description("Always 1; the label is the digest of the rules in force.")
            .with_callback(move |gauge| {
                if let Some(digest) = active.record(Reloaded::Rules).active {
                    gauge.observe(1, &[KeyValue::new("digest", digest.to_string())]);
                }
            })
            .build();
        let loaded = Arc::clone(status);
        self.meter
            .f64_observable_gauge("imageswap_rules_loaded_timestamp")
            .with_unit("s")
            .with_description("When the rules in force were put there, in seconds since 1970.")
            .with_callback(move |gauge| {
                if let Some(time) = loaded.record(Reloaded::Rules).last_success {
                    let since = time.duration_since(SystemTime::UNIX_EPOCH);
                    gauge.observe(since.unwrap_or_default().as_secs_f64(), &[]);
                }
            })
            .build();
    }

    /// Observes the images that the active rules decided, from now on.
    pub(crate) fn observe_images(&self, observe: impl Fn(&dyn AsyncInstrument<u64>) + Send + Sync + 'static) {
        self.meter
            .u64_observable_counter(IMAGES)
            .with_description("Images that were decided, by the rule and its effect.")
            .with_callback(observe)
            .build();
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
            .reviewed(&reviewed.kind, reviewed.operation, reviewed.outcome);
        self.duration.record(took.as_secs_f64(), &[]);
        for image in &reviewed.images {
            match &image.effect {
                ImageEffect::Skipped(reason) => self.counters.skipped.count(*reason),
                effect => counts.count(rules, image.rule, effect),
            }
        }
    }

    /// Counts a rejected request.
    pub(crate) fn rejected(&self, reason: Rejected, took: Duration) {
        self.counters.requests.rejected(reason);
        self.duration.record(took.as_secs_f64(), &[]);
    }

    /// Counts a handshake that failed.
    pub(crate) fn handshake_failed(&self) {
        self.handshake_failures.add(1, &[]);
    }

    /// All metrics, and the media type that they are in.
    pub(crate) fn render(&self) -> prometheus::Result<(Vec<u8>, String)> {
        let encoder = TextEncoder::new();
        let mut text = Vec::new();
        encoder.encode(&self.registry.gather(), &mut text)?;
        Ok((text, encoder.format_type().to_owned()))
    }

    pub(crate) fn shut_down(&self) {
        // There is nothing to flush: Prometheus comes for what it wants.
        let _ = self.provider.shutdown();
    }
}

/// OpenTelemetry adds up what is beyond 2,000 series of an instrument, whichever come last; rules are added up by
/// [`RuleCounts`], so that each keeps the series that it has.
fn raise_series_limit(instrument: &Instrument) -> Option<Stream> {
    let room = || {
        Stream::builder()
            .with_cardinality_limit(MAX_TIME_SERIES)
            .build()
            .ok()
    };
    (instrument.name() == IMAGES).then(room).flatten()
}

//! What the webhook counts, as OpenTelemetry metrics in the format of Prometheus.
//!
//! No label has an unbounded range: what a client could make up is `other`.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use imageswap_engine::admission::{ImageEffect, Reviewed};
use imageswap_engine::rules::RuleSet;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{AsyncInstrument, Counter, Histogram, Meter, MeterProvider as _};
use opentelemetry_sdk::error::OTelSdkError;
use opentelemetry_sdk::metrics::{Instrument, SdkMeterProvider, Stream};
use prometheus::{Encoder as _, Registry, TextEncoder};

use super::counters::{ImagesLeft, Refused, Requests};
use super::rule_counts::{MOST_TIME_SERIES, RuleCounts};
use crate::webhook::health::What;
use crate::webhook::reload::SharedRules;

/// Upper bounds of the buckets of the duration, in seconds. A small review takes less than a millisecond.
const DURATION_BUCKETS: [f64; 17] = [
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0,
];
/// The counter of images, by rules.
const IMAGES: &str = "imageswap_images";
/// A broken client, or a scanner of ports, must not fill the log.
const HANDSHAKE_LOG_INTERVAL: Duration = Duration::from_secs(10);

/// The instruments.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    provider: SdkMeterProvider,
    meter: Meter,
    tally: Arc<Tally>,
    duration: Histogram<f64>,
    reloads: Counter<u64>,
    handshake_failures: Counter<u64>,
    handshake_log: Mutex<HandshakeLog>,
}

#[derive(Debug, Default)]
struct Tally {
    requests: Requests,
    left: ImagesLeft,
}

#[derive(Debug, Default)]
struct HandshakeLog {
    last: Option<Instant>,
    unsaid: u64,
}

impl Metrics {
    pub(crate) fn new() -> Result<Self, OTelSdkError> {
        let registry = Registry::new();
        let reader = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            .scope_info_enabled(false)
            .without_target_info()
            .build()?;
        let provider = SdkMeterProvider::builder()
            .with_reader(reader)
            .with_view(room_for_every_rule)
            .build();
        let meter = provider.meter("imageswap");
        // The exporter puts unit and `_total` behind the names.
        let counter =
            |name: &'static str, about: &'static str| meter.u64_counter(name).with_description(about).build();
        let metrics = Self {
            tally: Arc::default(),
            duration: meter
                .f64_histogram("imageswap_request_duration")
                .with_unit("s")
                .with_description("How long reviews took, from the head of the request to the answer.")
                .with_boundaries(DURATION_BUCKETS.to_vec())
                .build(),
            reloads: counter(
                "imageswap_reloads",
                "Changed rules and certificates, by whether they are in force now.",
            ),
            handshake_failures: counter("imageswap_tls_handshake_failures", "TLS handshakes that failed."),
            handshake_log: Mutex::default(),
            registry,
            provider,
            meter,
        };
        // A series that is only there once something went wrong is one that no alert can be tried on.
        metrics.handshake_failures.add(0, &[]);
        for what in [What::Rules, What::Certificate] {
            for result in ["ok", "failed"] {
                metrics.count_reload(0, what, result);
            }
        }
        metrics.about_the_build();
        metrics.tell_the_tally();
        Ok(metrics)
    }

    fn about_the_build(&self) {
        let version = [KeyValue::new("version", env!("CARGO_PKG_VERSION"))];
        self.meter
            .u64_observable_gauge("imageswap_build_info")
            .with_description("Always 1; the label says which version runs.")
            .with_callback(move |gauge| gauge.observe(1, &version))
            .build();
    }

    fn tell_the_tally(&self) {
        let tell =
            |name: &'static str, about: &'static str, observe: fn(&Tally, &dyn AsyncInstrument<u64>)| {
                let tally = Arc::clone(&self.tally);
                let counter = self.meter.u64_observable_counter(name).with_description(about);
                counter
                    .with_callback(move |counter| observe(&tally, counter))
                    .build();
            };
        tell(
            "imageswap_requests",
            "Requests for a review, by what came of them.",
            |tally, counter| tally.requests.observe(counter),
        );
        tell(
            "imageswap_images_left",
            "Images that were left alone, by the reason.",
            |tally, counter| tally.left.observe(counter),
        );
    }

    /// Tells which rules are in force, from now on.
    pub(crate) fn watch_rules(&self, rules: &Arc<SharedRules>) {
        let counts = Arc::clone(rules);
        self.meter
            .u64_observable_counter(IMAGES)
            .with_description("Images that were decided, by the rule and its effect.")
            .with_callback(move |counter| counts.current().counts.observe(counter))
            .build();
        let info = Arc::clone(rules);
        self.meter
            .u64_observable_gauge("imageswap_rules_info")
            .with_description("Always 1; the label is the digest of the rules in force.")
            .with_callback(move |gauge| gauge.observe(1, &[KeyValue::new("digest", info.digest())]))
            .build();
        let loaded = Arc::clone(rules);
        self.meter
            .f64_observable_gauge("imageswap_rules_loaded_timestamp")
            .with_unit("s")
            .with_description("When the rules in force were put there, in seconds since 1970.")
            .with_callback(move |gauge| {
                let since = loaded.current().loaded_at.duration_since(SystemTime::UNIX_EPOCH);
                gauge.observe(since.unwrap_or_default().as_secs_f64(), &[]);
            })
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
        self.tally
            .requests
            .reviewed(&reviewed.kind, reviewed.operation, reviewed.outcome);
        self.duration.record(took.as_secs_f64(), &[]);
        for image in &reviewed.images {
            match &image.effect {
                ImageEffect::Left(reason) => self.tally.left.count(*reason),
                effect => counts.count(rules, image.rule, effect),
            }
        }
    }

    /// Counts a request that was refused before there was a review.
    pub(crate) fn refused(&self, why: Refused, took: Duration) {
        self.tally.requests.refused(why);
        self.duration.record(took.as_secs_f64(), &[]);
    }

    /// Counts a changed file.
    pub(crate) fn reloaded(&self, what: What, is_in_force: bool) {
        self.count_reload(1, what, if is_in_force { "ok" } else { "failed" });
    }

    fn count_reload(&self, count: u64, what: What, result: &'static str) {
        let labels = [
            KeyValue::new("result", result),
            KeyValue::new("what", what.as_str()),
        ];
        self.reloads.add(count, &labels);
    }

    /// Counts and logs a handshake that failed; not one whose connection just ended, as it does for a port scanner
    /// and for a TCP probe.
    pub(crate) fn handshake_failed(&self, peer: &str, error: &io::Error) {
        if matches!(
            error.kind(),
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset
        ) {
            tracing::debug!(peer, %error, "a connection ended before its TLS handshake");
            return;
        }
        self.handshake_failures.add(1, &[]);
        let mut log = self.handshake_log.lock().unwrap_or_else(PoisonError::into_inner);
        if log
            .last
            .is_some_and(|last| last.elapsed() < HANDSHAKE_LOG_INTERVAL)
        {
            log.unsaid += 1;
            return;
        }
        tracing::warn!(
            peer,
            %error,
            unsaid = log.unsaid,
            "a TLS handshake failed: if this is the API server, does its caBundle fit the certificate?"
        );
        *log = HandshakeLog {
            last: Some(Instant::now()),
            unsaid: 0,
        };
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
fn room_for_every_rule(instrument: &Instrument) -> Option<Stream> {
    let room = || {
        Stream::builder()
            .with_cardinality_limit(MOST_TIME_SERIES)
            .build()
            .ok()
    };
    (instrument.name() == IMAGES).then(room).flatten()
}

//! The push of all metrics by OTLP, with the names and values of `/metrics`.
//!
//! A second reader of OpenTelemetry would count each measurement twice, has no `process_*`, and gives other names: its
//! exporter knows no `_total` and no unit in a name. So the push has what a scrape of `/metrics` would have.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics,
    ScopeMetrics, Sum, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use prometheus::proto::{self, MetricFamily, MetricType};
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::instruments::Metrics;
use crate::webhook::otlp::{OtlpClient, SendError};

/// Pushes all metrics at an interval.
#[derive(Debug)]
pub(crate) struct Pusher {
    metrics: Arc<Metrics>,
    client: OtlpClient,
    resource: Resource,
    /// Start of all counters.
    start: u64,
}

impl Pusher {
    pub(crate) fn new(
        metrics: Arc<Metrics>,
        client: OtlpClient,
        resource: &opentelemetry_sdk::Resource,
    ) -> Self {
        let attributes = ResourceAttributesWithSchema::from(resource).attributes;
        Self {
            metrics,
            client,
            resource: Resource {
                attributes: attributes.0,
                ..Resource::default()
            },
            start: nanos(SystemTime::now()),
        }
    }

    /// Pushes at an interval, and a last time when it is stopped.
    pub(crate) async fn push_every(self, interval: Duration, mut stopped: oneshot::Receiver<()>) {
        let mut ticks = interval_at(Instant::now() + interval, interval);
        // Two pushes in a row would say the same.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = async { ticks.tick().await; self.push().await } => {}
                _ = &mut stopped => break,
            }
        }
        let _ = self.push().await;
    }

    /// Pushes all metrics. The client logs a failure.
    async fn push(&self) -> Result<(), SendError> {
        let metrics = Arc::clone(&self.metrics);
        // With thousands of series this takes milliseconds, which requests need.
        let Ok(families) = spawn_blocking(move || metrics.gather()).await else {
            return Ok(());
        };
        let message = request(&families, &self.resource, self.start, nanos(SystemTime::now()));
        drop(families);
        self.client.send(&message).await
    }
}

fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// Returns the message with all metrics.
fn request(
    families: &[MetricFamily],
    resource: &Resource,
    start: u64,
    now: u64,
) -> ExportMetricsServiceRequest {
    let scope = InstrumentationScope {
        name: "imageswap".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    };
    let metrics = families.iter().filter_map(|family| metric(family, start, now));
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(resource.clone()),
            scope_metrics: vec![ScopeMetrics {
                scope: Some(scope),
                metrics: metrics.collect(),
                ..ScopeMetrics::default()
            }],
            ..ResourceMetrics::default()
        }],
    }
}

/// Returns a metric. `None` for a type that the webhook does not have.
fn metric(family: &MetricFamily, start: u64, now: u64) -> Option<Metric> {
    let series = || family.get_metric().iter();
    let cumulative = AggregationTemporality::Cumulative.into();
    let data = match family.get_field_type() {
        MetricType::COUNTER => Data::Sum(Sum {
            data_points: series()
                .map(|series| number(series, series.get_counter().get_value(), start, now))
                .collect(),
            aggregation_temporality: cumulative,
            is_monotonic: true,
        }),
        MetricType::GAUGE => Data::Gauge(Gauge {
            data_points: series()
                .map(|series| number(series, series.get_gauge().get_value(), 0, now))
                .collect(),
        }),
        MetricType::HISTOGRAM => Data::Histogram(Histogram {
            data_points: series().map(|series| histogram(series, start, now)).collect(),
            aggregation_temporality: cumulative,
        }),
        MetricType::SUMMARY | MetricType::UNTYPED => return None,
    };
    Some(Metric {
        name: family.name().to_owned(),
        description: family.help().to_owned(),
        unit: unit(family.name()).to_owned(),
        data: Some(data),
        ..Metric::default()
    })
}

/// Returns the unit in a name, as UCUM writes it.
fn unit(name: &str) -> &'static str {
    let name = name.strip_suffix("_total").unwrap_or(name);
    match name.rsplit('_').next() {
        Some("seconds") => "s",
        Some("bytes") => "By",
        _ => "",
    }
}

fn number(series: &proto::Metric, value: f64, start: u64, now: u64) -> NumberDataPoint {
    NumberDataPoint {
        attributes: attributes(series),
        start_time_unix_nano: start,
        time_unix_nano: now,
        value: Some(number_data_point::Value::AsDouble(value)),
        ..NumberDataPoint::default()
    }
}

fn histogram(series: &proto::Metric, start: u64, now: u64) -> HistogramDataPoint {
    let histogram = series.get_histogram();
    // A bucket of Prometheus has those below it too, and the last one may be missing.
    let buckets = histogram.get_bucket().iter();
    let buckets = buckets.filter(|bucket| bucket.upper_bound().is_finite());
    let (mut bounds, mut counts, mut below) = (Vec::new(), Vec::new(), 0);
    for bucket in buckets {
        bounds.push(bucket.upper_bound());
        counts.push(bucket.cumulative_count().saturating_sub(below));
        below = bucket.cumulative_count();
    }
    let count = histogram.get_sample_count();
    counts.push(count.saturating_sub(below));
    HistogramDataPoint {
        attributes: attributes(series),
        start_time_unix_nano: start,
        time_unix_nano: now,
        count,
        sum: Some(histogram.get_sample_sum()),
        bucket_counts: counts,
        explicit_bounds: bounds,
        ..HistogramDataPoint::default()
    }
}

fn attributes(series: &proto::Metric) -> Vec<KeyValue> {
    let labels = series.get_label().iter();
    let attributes = labels.map(|label| KeyValue {
        key: label.name().to_owned(),
        value: Some(AnyValue {
            value: Some(Value::StringValue(label.value().to_owned())),
        }),
        ..KeyValue::default()
    });
    attributes.collect()
}

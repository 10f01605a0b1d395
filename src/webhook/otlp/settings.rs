//! The settings of the export, which the standard variables of OpenTelemetry have.

use std::time::Duration;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchConfig, BatchConfigBuilder, Sampler};

use super::destination::Destination;
use super::resource::{Pod, resource};
use super::sampler::sampler;
use super::variables::{Effect, Signal, Variable, Variables};

/// Settings of the export.
#[derive(Debug)]
pub(crate) struct OtlpSettings {
    pub(crate) resource: Resource,
    pub(crate) traces: Option<TraceSettings>,
    pub(crate) metrics: Option<MetricSettings>,
}

/// Settings of traces.
#[derive(Debug)]
pub(crate) struct TraceSettings {
    pub(crate) destination: Destination,
    pub(crate) sampler: Sampler,
    pub(crate) batches: Batches,
    /// True if a span is joined to the trace of the caller.
    pub(crate) joins_callers: bool,
}

/// The queue of spans, and the batches in which they are exported.
#[derive(Debug)]
pub(crate) struct Batches {
    pub(crate) config: BatchConfig,
    /// Maximum number of spans that wait.
    pub(crate) max_waiting: usize,
}

/// Settings of metrics.
#[derive(Debug)]
pub(crate) struct MetricSettings {
    pub(crate) destination: Destination,
    pub(crate) interval: Duration,
}

impl OtlpSettings {
    /// Reads the settings. `None` if nothing is exported.
    pub(super) fn read(variables: &Variables<'_>, pod: Pod) -> Option<Self> {
        if is_disabled(variables) {
            return None;
        }
        let traces = destination(variables, Signal::Traces).map(|mut destination| {
            let timeout = variables.get("OTEL_BSP_EXPORT_TIMEOUT");
            destination.shorten_timeout(variables.millis(timeout, 30_000));
            TraceSettings {
                destination,
                sampler: sampler(variables),
                batches: batches(variables),
                joins_callers: joins_callers(variables),
            }
        });
        let metrics = destination(variables, Signal::Metrics).map(|mut destination| {
            let timeout = variables.get("OTEL_METRIC_EXPORT_TIMEOUT");
            destination.shorten_timeout(variables.millis(timeout, 30_000));
            variables.supports_only("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "cumulative");
            variables.supports_only(
                "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
                "explicit_bucket_histogram",
            );
            let interval = variables.get("OTEL_METRIC_EXPORT_INTERVAL");
            MetricSettings {
                destination,
                interval: variables.millis(interval, 60_000),
            }
        });
        if traces.is_none() && metrics.is_none() {
            return None;
        }
        Some(Self {
            resource: resource(variables, pod),
            traces,
            metrics,
        })
    }
}

fn is_disabled(variables: &Variables<'_>) -> bool {
    let Some(Variable { name, value }) = variables.get("OTEL_SDK_DISABLED") else {
        return false;
    };
    let is_disabled = value.eq_ignore_ascii_case("true");
    if !is_disabled && !value.eq_ignore_ascii_case("false") {
        variables.ignore(&name, format_args!("`{value}` is not true or false"));
    }
    is_disabled
}

/// Returns the destination of a signal, if it is exported.
fn destination(variables: &Variables<'_>, signal: Signal) -> Option<Destination> {
    // Without an endpoint the other variables do not matter: a cluster may set them for every Pod.
    let endpoint = variables.of_signal(signal, "ENDPOINT")?;
    let exporter = match signal {
        Signal::Traces => "OTEL_TRACES_EXPORTER",
        Signal::Metrics => "OTEL_METRICS_EXPORTER",
    };
    if let Some(Variable { name, value }) = variables.get(exporter) {
        let mut is_exported = false;
        for exporter in value.split(',').map(str::trim) {
            match exporter {
                "otlp" => is_exported = true,
                "none" => {}
                // Prometheus reads the same metrics from `/metrics`.
                "prometheus" if signal == Signal::Metrics => {}
                _ => variables.ignore(
                    &name,
                    format_args!("the exporter `{exporter}` is not supported; use otlp or none"),
                ),
            }
        }
        if !is_exported {
            return None;
        }
    }
    if let Some(Variable { name, value }) = variables.of_signal(signal, "PROTOCOL")
        && value != "http/protobuf"
    {
        variables.report(
            &name,
            format_args!("the protocol `{value}` is not supported; set http/protobuf, and the endpoint to the port of the collector for HTTP, usually 4318"),
            Effect::NotExported(signal),
        );
        return None;
    }
    Destination::read(variables, signal, &endpoint)
}

fn batches(variables: &Variables<'_>) -> Batches {
    /// A span has up to some kilobytes, so these take less than a tenth of a gigabyte.
    const LONGEST_QUEUE: u64 = 16_384;
    let number = |name, default, range| variables.number(variables.get(name), default, range);
    let queue = number("OTEL_BSP_MAX_QUEUE_SIZE", 2048, 1..=LONGEST_QUEUE);
    let batch = number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", queue.min(512), 1..=queue);
    let delay = variables.get("OTEL_BSP_SCHEDULE_DELAY");
    let size = |number| usize::try_from(number).unwrap_or(usize::MAX);
    let config = BatchConfigBuilder::default()
        .with_max_queue_size(size(queue))
        .with_max_export_batch_size(size(batch))
        .with_scheduled_delay(variables.millis(delay, 5000))
        .build();
    Batches {
        config,
        max_waiting: size(queue),
    }
}

fn joins_callers(variables: &Variables<'_>) -> bool {
    let Some(Variable { name, value }) = variables.get("OTEL_PROPAGATORS") else {
        return true;
    };
    let mut joins = false;
    for propagator in value.split(',').map(str::trim) {
        match propagator {
            "tracecontext" => joins = true,
            // Nothing reads the baggage of a caller.
            "baggage" | "none" => {}
            _ => variables.ignore(
                &name,
                format_args!("the propagator `{propagator}` is not supported; use tracecontext or none"),
            ),
        }
    }
    joins
}

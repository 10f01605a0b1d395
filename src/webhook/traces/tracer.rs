//! The source of spans.

use std::sync::Arc;

use http::{HeaderMap, Method};
use opentelemetry::trace::{SpanBuilder, SpanKind, TraceContextExt as _, TracerProvider as _};
use opentelemetry::{Context, InstrumentationScope, KeyValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchSpanProcessor, Sampler, SdkTracer, SdkTracerProvider};

use super::attributes::clipped;
use super::exporter::Exporter;
use super::parent::parent;
use super::queue::SpanQueue;
use super::span::RequestSpan;
use crate::webhook::otlp::Batches;

/// The source of spans. Without an exporter its spans are empty, and cost a branch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traces(Option<Arc<Source>>);

#[derive(Debug)]
struct Source {
    tracer: SdkTracer,
    /// True if a span is joined to the trace of the caller.
    joins_callers: bool,
}

/// Returns the provider, whose thread exports finished spans. A full queue drops spans.
pub(crate) fn provider(
    exporter: Exporter,
    resource: &Resource,
    sampler: Sampler,
    batches: Batches,
) -> SdkTracerProvider {
    let waiting = exporter.waiting();
    let processor = BatchSpanProcessor::builder(exporter).with_batch_config(batches.config);
    SdkTracerProvider::builder()
        .with_resource(resource.clone())
        .with_sampler(sampler)
        .with_span_processor(SpanQueue::new(processor.build(), waiting, batches.max_waiting))
        .build()
}

impl Traces {
    pub(crate) fn new(provider: &SdkTracerProvider, joins_callers: bool) -> Self {
        let scope = InstrumentationScope::builder("imageswap").with_version(env!("CARGO_PKG_VERSION"));
        Self(Some(Arc::new(Source {
            tracer: provider.tracer_with_scope(scope.build()),
            joins_callers,
        })))
    }

    /// Starts the span of a request. `route` returns its route, which has no part that the caller chooses.
    pub(crate) fn start(
        &self,
        route: impl FnOnce() -> &'static str,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
    ) -> RequestSpan {
        let Some(source) = self.0.as_deref() else {
            return RequestSpan::default();
        };
        let route = route();
        let caller = source.joins_callers.then(|| parent(headers)).flatten();
        let context = caller.map(|caller| Context::new().with_remote_span_context(caller));
        let span = SpanBuilder::from_name(format!("{method} {route}"))
            .with_kind(SpanKind::Server)
            .with_attributes([
                KeyValue::new("http.request.method", method.to_string()),
                KeyValue::new("http.route", route),
                KeyValue::new("url.path", clipped(path)),
                KeyValue::new("url.scheme", "https"),
            ])
            .start_with_context(&source.tracer, &context.unwrap_or_default());
        RequestSpan::new(span)
    }
}

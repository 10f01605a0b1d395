//! The queue of finished spans, with a log of those that it drops.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{BatchSpanProcessor, Span, SpanData, SpanProcessor};

use crate::webhook::logging::Limited;

/// Shortest time between two lines of the log about dropped spans.
const REPORT_INTERVAL: Duration = Duration::from_secs(60);

/// Number of spans that wait for their export.
pub(super) type SpansWaiting = Arc<AtomicUsize>;

/// The processor of the SDK, with a limit in front of it: its own limit drops spans silently.
#[derive(Debug)]
pub(super) struct SpanQueue {
    processor: BatchSpanProcessor,
    waiting: SpansWaiting,
    limit: usize,
    dropped: Limited,
}

impl SpanQueue {
    /// Returns the queue. The exporter subtracts the spans that it takes from `waiting`.
    pub(super) fn new(processor: BatchSpanProcessor, waiting: SpansWaiting, limit: usize) -> Self {
        Self {
            processor,
            waiting,
            limit,
            dropped: Limited::new(REPORT_INTERVAL),
        }
    }
}

impl SpanProcessor for SpanQueue {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.processor.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if self.waiting.fetch_add(1, Ordering::Relaxed) < self.limit {
            return self.processor.on_end(span);
        }
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        if let Some(suppressed) = self.dropped.admit() {
            let dropped = suppressed + 1;
            tracing::warn!(
                dropped,
                "spans dropped: the collector does not take them fast enough"
            );
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.processor.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.processor.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.processor.set_resource(resource);
    }
}

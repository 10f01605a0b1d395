//! The exporter of spans.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use tokio::runtime::Handle;

use super::queue::SpansWaiting;
use crate::webhook::otlp::OtlpClient;

/// Exports spans by OTLP. The processor of the SDK calls it on a thread of its own, which has no reactor, so the client
/// runs on the runtime.
#[derive(Debug)]
pub(crate) struct Exporter {
    client: Arc<OtlpClient>,
    runtime: Handle,
    resource: ResourceAttributesWithSchema,
    waiting: SpansWaiting,
}

impl Exporter {
    pub(crate) fn new(client: OtlpClient, runtime: Handle) -> Self {
        Self {
            client: Arc::new(client),
            runtime,
            resource: ResourceAttributesWithSchema::default(),
            waiting: SpansWaiting::default(),
        }
    }

    /// Returns the number of spans that wait, from which it subtracts those that it takes.
    pub(super) fn waiting(&self) -> SpansWaiting {
        Arc::clone(&self.waiting)
    }
}

impl SpanExporter for Exporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.waiting.fetch_sub(batch.len(), Ordering::Relaxed);
        let request = ExportTraceServiceRequest {
            resource_spans: group_spans_by_resource_and_scope(batch, &self.resource),
        };
        let client = Arc::clone(&self.client);
        let sent = self.runtime.spawn(async move { client.send(&request).await });
        let failure = |error: String| OTelSdkError::InternalFailure(error);
        sent.await
            .map_err(|error| failure(error.to_string()))?
            .map_err(|error| failure(error.to_string()))
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.into();
    }
}

//! Traces: a span for each request that is reviewed, joined to the trace of the API server.

mod attributes;
mod exporter;
mod parent;
mod queue;
mod span;
mod tracer;

pub(crate) use exporter::Exporter;
pub(crate) use span::RequestSpan;
pub(crate) use tracer::{Traces, provider};

//! OTLP over HTTP: the settings in the standard variables of OpenTelemetry, and the client of a collector.
//!
//! It may lose what it exports, but never delays a request, ends the process or delays its end.

mod client;
mod connect;
mod destination;
mod resource;
mod sampler;
mod settings;
#[cfg(test)]
mod tests;
mod tls;
mod variables;

pub(crate) use client::{OtlpClient, SendError};
pub(crate) use connect::{connect, read_settings};
pub(crate) use resource::Pod;
pub(crate) use settings::Batches;

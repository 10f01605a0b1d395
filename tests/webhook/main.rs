//! The real binary, over real connections.

mod any_certificate;
mod bad_input;
mod certificate;
mod client;
mod conformance;
mod connections;
mod drop_in;
mod load;
mod metrics;
mod readme;
mod reload;
mod server;
mod shutdown;
mod volume;

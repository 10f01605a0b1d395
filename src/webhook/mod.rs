//! The webhook: the server that answers admission reviews, and the only module that knows tokio and salvo.

mod candidate;
mod cluster;
mod conditions;
mod error;
mod export;
mod fights;
mod http;
mod last_good;
mod logging;
mod metrics;
mod os;
mod otlp;
mod page;
mod recent;
mod reload;
mod serve;
mod settings;
mod shutdown;
mod start_line;
mod status;
mod tls;
mod traces;

pub(crate) use cluster::{Cluster, ClusterError, Handles, KeptSet};
pub(crate) use conditions::{Conditions, Duty, Readiness};
pub(crate) use error::ServeError;
pub(crate) use http::{Addresses, MAX_BODY};
pub(crate) use logging::{LogFormat, LogLevel, LogTone, RunningLog, fatal_line, start as start_logging};
pub(crate) use os::{EndSignal, EndSignals, unblock, uninterrupted};
pub(crate) use serve::serve;
pub(crate) use settings::{Settings, TlsSource};
pub(crate) use tls::has_pair;

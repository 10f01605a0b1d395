//! The error that ends `imageswap serve`.

use std::fmt;
use std::io;

use opentelemetry_sdk::error::OTelSdkError;

use super::http::{ListenError, ServerError};
use super::reload::LoadError;
use super::tls::{PairError, SelfSignedError};

/// The reason why the webhook did not start, or stopped.
#[derive(Debug)]
pub(crate) enum ServeError {
    /// The system has no threads, signals or files for the process.
    System(io::Error),
    /// The metrics cannot be set up.
    Metrics(OTelSdkError),
    /// The map file of the mode `maps` does not exist.
    NoMap(LoadError),
    /// The rules are not valid, or cannot be read.
    Rules(LoadError),
    /// The rules are not valid, for the first reason, and there is no last good set, for the second one.
    NoLastGood(Box<ServeError>, String),
    /// The directory has no valid key pair.
    KeyPair(PairError),
    /// A self-signed key pair cannot be generated.
    SelfSigned(SelfSignedError),
    /// The access to the API server is not complete; the causes.
    Cluster(String),
    /// A port cannot be listened on.
    Listen(ListenError),
    /// A server did not start, or stopped.
    Server(ServerError),
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(error) => write!(f, "cannot start: {error}"),
            Self::Metrics(error) => write!(f, "cannot set up metrics: {error}"),
            Self::NoMap(error) => write!(
                f,
                "{error}; set the path of the map with --maps-file, or use rules with --rules"
            ),
            Self::Rules(error) => error.fmt(f),
            Self::NoLastGood(error, reason) => {
                write!(f, "{error}; the last good set cannot be used either: {reason}")
            }
            Self::KeyPair(error) => error.fmt(f),
            Self::SelfSigned(error) => error.fmt(f),
            Self::Cluster(causes) => write!(f, "cannot use the ServiceAccount of this Pod: {causes}"),
            Self::Listen(error) => error.fmt(f),
            Self::Server(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ServeError {}

impl From<io::Error> for ServeError {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

impl From<ListenError> for ServeError {
    fn from(error: ListenError) -> Self {
        Self::Listen(error)
    }
}

impl From<ServerError> for ServeError {
    fn from(error: ServerError) -> Self {
        Self::Server(error)
    }
}

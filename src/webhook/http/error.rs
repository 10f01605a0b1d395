//! Errors of ports and of their servers.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use tokio::task::JoinError;

/// The webhook cannot listen on an address.
#[derive(Debug)]
pub(crate) struct ListenError {
    /// The address.
    pub(super) address: SocketAddr,
    /// The option that sets it.
    pub(super) option: &'static str,
    /// The reason.
    pub(super) error: io::Error,
}

/// A server does not start, or stops before the shutdown.
#[derive(Debug)]
pub(crate) enum ServerError {
    /// A socket cannot be used.
    Socket(io::Error),
    /// TLS cannot be configured.
    Tls(rustls::Error),
    /// The server on an address stopped.
    Ended { address: SocketAddr, reason: EndReason },
}

/// The reason why a server stopped.
#[derive(Debug)]
pub(crate) enum EndReason {
    /// It returned without an error.
    Unexpected,
    /// It failed to accept connections.
    Accept(io::Error),
    /// Its task panicked or was canceled.
    Task(JoinError),
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            address,
            option,
            error,
        } = self;
        write!(f, "cannot listen on {address}: {error}")?;
        match error.kind() {
            io::ErrorKind::AddrInUse => write!(
                f,
                "; stop the process that uses it, or set another address with {option}"
            ),
            io::ErrorKind::PermissionDenied => write!(f, "; set a port above 1023 with {option}"),
            _ => write!(f, "; set another address with {option}"),
        }
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(error) => write!(f, "cannot serve: {error}"),
            Self::Tls(error) => write!(f, "cannot serve: {error}"),
            Self::Ended { address, reason } => write!(f, "the server on {address} stopped: {reason}"),
        }
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unexpected => f.write_str("it stopped without an error"),
            Self::Accept(error) => error.fmt(f),
            Self::Task(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ListenError {}
impl std::error::Error for ServerError {}

impl From<io::Error> for ServerError {
    fn from(error: io::Error) -> Self {
        Self::Socket(error)
    }
}

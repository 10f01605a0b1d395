//! The errors of ports and of their servers.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use tokio::task::JoinError;

/// The error of an address that cannot be listened on.
#[derive(Debug)]
pub(crate) struct ListenError {
    /// The address.
    pub(super) address: SocketAddr,
    /// The option that sets it.
    pub(super) option: &'static str,
    /// The reason.
    pub(super) error: io::Error,
}

/// The error of servers that do not start, or end before they are told to.
#[derive(Debug)]
pub(crate) enum ServerError {
    /// A socket cannot be used.
    Socket(io::Error),
    /// TLS cannot be configured.
    Tls(rustls::Error),
    /// The server of an address ended.
    Ended { address: SocketAddr, reason: EndReason },
}

/// The reason why a server ended.
#[derive(Debug)]
pub(crate) enum EndReason {
    /// It ended without an error.
    Unexpected,
    /// It could not accept connections any more.
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
                "; another process has it: end that one, or choose another with {option}"
            ),
            io::ErrorKind::PermissionDenied => write!(f, "; choose a port above 1023 with {option}"),
            _ => write!(f, "; choose another with {option}"),
        }
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(error) => write!(f, "cannot serve: {error}"),
            Self::Tls(error) => write!(f, "cannot serve: {error}"),
            Self::Ended { address, reason } => write!(f, "the server of {address} ended: {reason}"),
        }
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unexpected => f.write_str("nobody told it to"),
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

//! TLS handshakes, with a report of each failed one.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::server::Acceptor as HelloAcceptor;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use super::connection::peer;
use super::tracked::Tracked;
use crate::webhook::tls::FailedHandshakes;

/// Maximum time for a handshake. No real client needs longer.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Shakes hands with clients.
pub(in crate::webhook::http) struct Handshakes {
    config: Arc<ServerConfig>,
    failed: FailedHandshakes,
}

impl Handshakes {
    pub(in crate::webhook::http) fn new(config: ServerConfig, failed: FailedHandshakes) -> Self {
        Self {
            config: Arc::new(config),
            failed,
        }
    }

    /// Shakes hands. The failure is reported here, because a client that distrusts the certificate never sends a request.
    pub(super) async fn shake<S>(&self, stream: S, tracked: &Tracked) -> Option<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut server_name = None;
        let handshake = async {
            let hello = LazyConfigAcceptor::new(HelloAcceptor::default(), stream).await?;
            tracked.hello()?;
            server_name = hello.client_hello().server_name().map(ToOwned::to_owned);
            hello.into_stream(Arc::clone(&self.config)).await
        };
        let result = tokio::time::timeout(HANDSHAKE_TIMEOUT, handshake)
            .await
            .unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "handshake timed out")));
        result
            .inspect_err(|error| {
                let peer = peer(tracked.connection.peer());
                self.failed.report(&peer, server_name.as_deref(), error);
            })
            .ok()
    }
}

impl fmt::Debug for Handshakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshakes").finish_non_exhaustive()
    }
}

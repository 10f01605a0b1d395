//! TLS connections, with a report of each failed handshake.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::server::Acceptor as HelloAcceptor;
use salvo::conn::tcp::{TcpAcceptor, TcpCoupler};
use salvo::conn::{Accepted, Acceptor, HandshakeStream, Holding, StraightStream};
use salvo::fuse::ArcFusePolicy;
use salvo::http::uri::Scheme;
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use crate::webhook::tls::FailedHandshakes;

/// Maximum time for a handshake. Each waiting handshake holds one of the connections, and no real client needs longer.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Returns the address of a client. A client that uses IPv4 has its IPv4 address, also if the socket is an IPv6 socket.
pub(crate) fn peer(address: &salvo::conn::SocketAddr) -> String {
    // A dual-stack socket shows IPv4 clients as `::ffff:192.0.2.1`, which nobody searches for in a log.
    match address.clone().into_std() {
        Some(address) => SocketAddr::new(address.ip().to_canonical(), address.port()).to_string(),
        None => address.to_string(),
    }
}

/// Accepts TLS connections.
pub(crate) struct TlsConnections {
    tcp: TcpAcceptor,
    holdings: Vec<Holding>,
    config: Arc<ServerConfig>,
    failed: Arc<FailedHandshakes>,
}

impl TlsConnections {
    pub(crate) fn new(tcp: TcpAcceptor, config: ServerConfig, failed: FailedHandshakes) -> Self {
        let holdings = tcp
            .holdings()
            .iter()
            .map(|holding| Holding {
                http_scheme: Scheme::HTTPS,
                ..holding.clone()
            })
            .collect();
        Self {
            tcp,
            holdings,
            config: Arc::new(config),
            failed: Arc::new(failed),
        }
    }
}

impl Acceptor for TlsConnections {
    type Coupler = TcpCoupler<Self::Stream>;
    type Stream = HandshakeStream<TlsStream<StraightStream<TcpStream>>>;

    fn holdings(&self) -> &[Holding] {
        &self.holdings
    }

    async fn accept(
        &mut self,
        fuse_policy: Option<ArcFusePolicy>,
    ) -> io::Result<Accepted<Self::Coupler, Self::Stream>> {
        let accepted = self.tcp.accept(fuse_policy).await?;
        let (config, failed, remote) = (
            Arc::clone(&self.config),
            Arc::clone(&self.failed),
            accepted.remote_addr.clone(),
        );
        // The handshake runs in the task of the connection, so a slow handshake delays no other connection. The
        // failure is reported here because a client that distrusts the certificate never sends a request.
        let handshake = |stream| async move {
            let mut server_name = None;
            let handshake = async {
                let hello = LazyConfigAcceptor::new(HelloAcceptor::default(), stream).await?;
                server_name = hello.client_hello().server_name().map(ToOwned::to_owned);
                hello.into_stream(config).await
            };
            let timeout = tokio::time::timeout(HANDSHAKE_TIMEOUT, handshake);
            let result = timeout
                .await
                .unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "handshake timed out")));
            if let Err(error) = &result {
                failed.report(&peer(&remote), server_name.as_deref(), error);
            }
            result
        };
        Ok(accepted.map_into(
            |_| TcpCoupler::new(),
            |stream| HandshakeStream::new(handshake(stream), None),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv4_client_is_named_by_its_ipv4_address() {
        let mapped: SocketAddr = "[::ffff:192.0.2.1]:4000".parse().unwrap();
        assert_eq!(peer(&mapped.into()), "192.0.2.1:4000");
        let other: SocketAddr = "[2001:db8::1]:4000".parse().unwrap();
        assert_eq!(peer(&other.into()), "[2001:db8::1]:4000");
    }
}

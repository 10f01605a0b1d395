//! Connections over TLS whose failed handshakes are reported.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use salvo::conn::tcp::{TcpAcceptor, TcpCoupler};
use salvo::conn::{Accepted, Acceptor, HandshakeStream, Holding, StraightStream};
use salvo::fuse::ArcFusePolicy;
use salvo::http::uri::Scheme;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::webhook::tls::FailedHandshakes;

/// No real client takes longer for a handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// The address of a client, an IPv4 one as such also where the socket is one of IPv6.
pub(crate) fn peer(address: &salvo::conn::SocketAddr) -> String {
    match address.clone().into_std() {
        Some(address) => SocketAddr::new(address.ip().to_canonical(), address.port()).to_string(),
        None => address.to_string(),
    }
}

/// Connections over TLS.
pub(crate) struct TlsConnections {
    tcp: TcpAcceptor,
    holdings: Vec<Holding>,
    tls: TlsAcceptor,
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
            tls: Arc::new(config).into(),
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
        let (tls, failed, remote) = (
            self.tls.clone(),
            Arc::clone(&self.failed),
            accepted.remote_addr.clone(),
        );
        // The handshake belongs to the connection's own task, so a slow one holds up no other. Only here is
        // its failure seen: a client that distrusts the certificate never gets as far as a request.
        let handshake = |stream| async move {
            let timeout = tokio::time::timeout(HANDSHAKE_TIMEOUT, tls.accept(stream));
            let result = timeout.await.unwrap_or_else(|_| {
                Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "the handshake takes too long",
                ))
            });
            if let Err(error) = &result {
                failed.report(&peer(&remote), error);
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
    fn a_client_of_ipv4_is_named_by_its_own_address() {
        let mapped: SocketAddr = "[::ffff:192.0.2.1]:4000".parse().unwrap();
        assert_eq!(peer(&mapped.into()), "192.0.2.1:4000");
        let other: SocketAddr = "[2001:db8::1]:4000".parse().unwrap();
        assert_eq!(peer(&other.into()), "[2001:db8::1]:4000");
    }
}

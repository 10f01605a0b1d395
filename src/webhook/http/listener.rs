//! Sockets to listen on, and connections over TLS whose failed handshakes are seen.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use salvo::conn::tcp::{TcpAcceptor, TcpCoupler};
use salvo::conn::{Accepted, Acceptor, HandshakeStream, Holding, StraightStream};
use salvo::fuse::ArcFusePolicy;
use salvo::http::uri::Scheme;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::webhook::error::ServeError;
use crate::webhook::metrics::Metrics;

/// How many connections the kernel keeps until they are accepted.
const BACKLOG: i32 = 1024;
/// No real client takes longer for a handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Where to listen.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Address {
    /// At this address.
    Given(SocketAddr),
    /// At a port of every address, of IPv6 and IPv4, or of IPv4 alone where there is no IPv6.
    AnyHost(u16),
}

/// Listens at an address. `option` is the one that sets it, for the error.
pub(crate) fn bind(address: Address, option: &str) -> Result<TcpListener, ServeError> {
    let (listener, address) = match address {
        Address::Given(address) => (listen(address), address),
        Address::AnyHost(port) => {
            let every = SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
            match listen(every) {
                Err(error) if has_no_ipv6(&error) => {
                    let every = SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
                    (listen(every), every)
                }
                listener => (listener, every),
            }
        }
    };
    listener.map_err(|error| {
        let help = match error.kind() {
            io::ErrorKind::AddrInUse => {
                format!("; another process has it: end that one, or choose another with {option}")
            }
            io::ErrorKind::PermissionDenied => format!("; choose a port above 1023 with {option}"),
            _ => format!("; choose another with {option}"),
        };
        ServeError(format!("cannot listen on {address}: {error}{help}"))
    })
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    // Connections have it from the socket that they were accepted on: without it, what is left of an answer
    // may wait 40 ms for the acknowledgement of its first part.
    socket.set_tcp_nodelay(true)?;
    if address.is_ipv6() {
        // Whatever the machine's default is.
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// The kernel has no IPv6, or the machine no address of it.
fn has_no_ipv6(error: &io::Error) -> bool {
    const EAFNOSUPPORT: i32 = 97;
    error.raw_os_error() == Some(EAFNOSUPPORT) || error.kind() == io::ErrorKind::AddrNotAvailable
}

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
    metrics: Arc<Metrics>,
}

impl TlsConnections {
    pub(crate) fn new(tcp: TcpAcceptor, config: ServerConfig, metrics: Arc<Metrics>) -> Self {
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
            metrics,
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
        let (tls, metrics, remote) = (
            self.tls.clone(),
            Arc::clone(&self.metrics),
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
                metrics.handshake_failed(&peer(&remote), error);
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

    #[tokio::test]
    async fn accepted_connections_do_not_wait_for_acknowledgements() {
        let address = Address::Given(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let listener = bind(address, "--listen").unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (accepted, _) = listener.accept().await.unwrap();
        assert!(accepted.nodelay().unwrap());
    }

    #[tokio::test]
    async fn every_address_is_listened_on_of_ipv4_too() {
        let listener = bind(Address::AnyHost(0), "--listen").unwrap();
        let port = listener.local_addr().unwrap().port();
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        if listener.local_addr().unwrap().is_ipv6() {
            TcpStream::connect((Ipv6Addr::LOCALHOST, port)).await.unwrap();
        }
    }

    #[test]
    fn a_client_of_ipv4_is_named_by_its_own_address() {
        let mapped: SocketAddr = "[::ffff:192.0.2.1]:4000".parse().unwrap();
        assert_eq!(peer(&mapped.into()), "192.0.2.1:4000");
        let other: SocketAddr = "[2001:db8::1]:4000".parse().unwrap();
        assert_eq!(peer(&other.into()), "[2001:db8::1]:4000");
    }
}

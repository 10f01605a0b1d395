//! The sockets of the two ports.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

use super::error::ListenError;

/// How many connections the kernel keeps until they are accepted.
const BACKLOG: i32 = 1024;

/// Where to listen.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Address {
    /// At this address.
    Given(SocketAddr),
    /// At a port of every address, of IPv6 and IPv4, or of IPv4 alone where there is no IPv6.
    AnyHost(u16),
}

/// Listens at an address. `option` is the one that sets it, for the error.
pub(crate) fn bind(address: Address, option: &'static str) -> Result<TcpListener, ListenError> {
    let (listener, address) = match address {
        Address::Given(address) => (listen(address), address),
        Address::AnyHost(port) => {
            let every = SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
            match listen(every) {
                Err(error) if lacks_ipv6(&error) => {
                    let every = SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
                    (listen(every), every)
                }
                listener => (listener, every),
            }
        }
    };
    listener.map_err(|error| ListenError {
        address,
        option,
        error,
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
fn lacks_ipv6(error: &io::Error) -> bool {
    const EAFNOSUPPORT: i32 = 97;
    error.raw_os_error() == Some(EAFNOSUPPORT) || error.kind() == io::ErrorKind::AddrNotAvailable
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpStream;

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
}

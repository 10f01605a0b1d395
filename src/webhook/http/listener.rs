//! Sockets of the two ports.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

use super::error::ListenError;

/// Number of connections that the kernel queues until they are accepted.
const BACKLOG: i32 = 1024;

/// An address to listen on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Address {
    /// A single address.
    Given(SocketAddr),
    /// A port of all addresses: IPv6 and IPv4, or only IPv4 if the machine has no IPv6.
    AnyHost(u16),
}

/// Listens on an address. The error names `option`, which sets the address.
pub(crate) fn bind(address: Address, option: &'static str) -> Result<TcpListener, ListenError> {
    let (listener, address) = match address {
        Address::Given(address) => (listen(address), address),
        Address::AnyHost(port) => {
            let every = SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
            match listen(every) {
                // A node may have no IPv6, although the default address is IPv6.
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
    // A restarted process must not wait for connections in TIME_WAIT.
    socket.set_reuse_address(true)?;
    // Accepted connections inherit this. With Nagle's algorithm, the last part of an answer may wait 40 ms for the
    // delayed acknowledgement of the first part.
    socket.set_tcp_nodelay(true)?;
    if address.is_ipv6() {
        // Do not depend on the sysctl `net.ipv6.bindv6only`.
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Returns true if the kernel has no IPv6, or the machine has no IPv6 address.
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
    async fn any_host_listens_on_ipv6_and_ipv4() {
        let listener = bind(Address::AnyHost(0), "--listen").unwrap();
        let port = listener.local_addr().unwrap().port();
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        if listener.local_addr().unwrap().is_ipv6() {
            TcpStream::connect((Ipv6Addr::LOCALHOST, port)).await.unwrap();
        }
    }
}

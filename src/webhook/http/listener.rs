//! Sockets of the two ports.

use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

use super::addresses::Addresses;
use super::error::ListenError;

/// Number of connections that the kernel queues until they are accepted.
const BACKLOG: i32 = 1024;

/// Listens on the first of the addresses that this machine has. The error names `option`, which sets them.
pub(crate) fn bind(addresses: &Addresses, option: &'static str) -> Result<TcpListener, ListenError> {
    let mut address = addresses.first;
    let mut listener = listen(address);
    for &other in &addresses.others {
        match &listener {
            // A node may have no IPv6, although the default address is IPv6.
            Err(error) if is_missing(error) => {
                address = other;
                listener = listen(address);
            }
            // Another address would hide that this one is in use.
            _ => break,
        }
    }
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

/// Returns true if the kernel has no IPv6, or the machine does not have the address.
fn is_missing(error: &io::Error) -> bool {
    const EAFNOSUPPORT: i32 = 97;
    error.raw_os_error() == Some(EAFNOSUPPORT) || error.kind() == io::ErrorKind::AddrNotAvailable
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn accepted_connections_do_not_wait_for_acknowledgements() {
        let listener = bind(&"127.0.0.1:0".parse().unwrap(), "--listen").unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (accepted, _) = listener.accept().await.unwrap();
        assert!(accepted.nodelay().unwrap());
    }

    #[tokio::test]
    async fn any_host_listens_on_ipv6_and_ipv4() {
        let listener = bind(&Addresses::any_host(0), "--listen").unwrap();
        let port = listener.local_addr().unwrap().port();
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        if listener.local_addr().unwrap().is_ipv6() {
            TcpStream::connect((Ipv6Addr::LOCALHOST, port)).await.unwrap();
        }
    }

    #[tokio::test]
    async fn missing_address_makes_room_for_the_next_one() {
        // An address for documentation, which no machine has: RFC 5737.
        let missing: SocketAddr = "192.0.2.1:0".parse().unwrap();
        let addresses = Addresses {
            first: missing,
            others: vec![(Ipv4Addr::LOCALHOST, 0).into()],
        };
        let listener = bind(&addresses, "--listen").unwrap();
        assert!(listener.local_addr().unwrap().ip().is_loopback());
    }

    #[tokio::test]
    async fn address_in_use_is_an_error_although_there_are_others() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let addresses = Addresses {
            first: taken.local_addr().unwrap(),
            others: vec![(Ipv4Addr::LOCALHOST, 0).into()],
        };
        assert_eq!(
            bind(&addresses, "--listen").unwrap_err().error.kind(),
            io::ErrorKind::AddrInUse
        );
    }
}

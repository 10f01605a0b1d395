//! Addresses to listen on, as an option gives them: an IP address or a host name, and a port.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};
use std::str::FromStr;

/// Addresses of a host and a port, at least one. The webhook listens on the first one that the machine has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Addresses {
    pub(super) first: SocketAddr,
    pub(super) others: Vec<SocketAddr>,
}

impl Addresses {
    /// Returns a port of all addresses: IPv6 and IPv4, or only IPv4 if the machine has no IPv6.
    pub(crate) fn any_host(port: u16) -> Self {
        Self {
            first: (Ipv6Addr::UNSPECIFIED, port).into(),
            others: vec![(Ipv4Addr::UNSPECIFIED, port).into()],
        }
    }
}

impl FromStr for Addresses {
    type Err = String;

    /// Parses an address and a port, or looks the host name up.
    fn from_str(text: &str) -> Result<Self, String> {
        let expected =
            || "expected ADDRESS:PORT, such as 127.0.0.1:5000, [::]:5000 or localhost:5000".to_owned();
        if let Ok(first) = text.parse::<SocketAddr>() {
            return Ok(if first.ip() == Ipv6Addr::UNSPECIFIED {
                Self::any_host(first.port())
            } else {
                Self {
                    first,
                    others: Vec::new(),
                }
            });
        }
        // The lookup would ask a resolver for the rest of an address without brackets.
        let host = text.rsplit_once(':').map(|(host, _)| host);
        let is_name = |host: &&str| !host.is_empty() && !host.contains(':');
        let host = host.filter(is_name).ok_or_else(expected)?;
        let mut found = text.to_socket_addrs().map_err(|error| match error.kind() {
            io::ErrorKind::InvalidInput => expected(),
            _ => format!("the lookup of the host name `{host}` failed: {error}"),
        })?;
        let first = found
            .next()
            .ok_or_else(|| format!("the host name `{host}` has no address"))?;
        Ok(Self {
            first,
            others: found.collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_needs_no_lookup() {
        for text in ["127.0.0.1:5000", "0.0.0.0:5000", "[::1]:0"] {
            let addresses: Addresses = text.parse().unwrap();
            assert_eq!(addresses.first, text.parse().unwrap());
            assert_eq!(addresses.others, []);
        }
    }

    #[test]
    fn every_address_is_that_of_ipv4_on_a_machine_without_ipv6() {
        assert_eq!("[::]:5000".parse(), Ok(Addresses::any_host(5000)));
    }

    #[test]
    fn host_name_is_looked_up() {
        let addresses: Addresses = "localhost:5000".parse().unwrap();
        let mut all = addresses.others;
        all.push(addresses.first);
        for address in all {
            assert!(address.ip().is_loopback() && address.port() == 5000, "{address}");
        }
    }

    #[test]
    fn text_without_host_or_port_names_the_syntax() {
        for text in [
            "",
            "5000",
            ":5000",
            "localhost",
            "::1",
            "localhost:http",
            "localhost:70000",
        ] {
            let error = text.parse::<Addresses>().unwrap_err();
            assert!(error.starts_with("expected ADDRESS:PORT"), "{text}: {error}");
        }
    }

    #[test]
    fn unknown_host_name_is_named() {
        // No name has two dots in a row, so no resolver gets it.
        let error = "no..name:5000".parse::<Addresses>().unwrap_err();
        assert!(
            error.starts_with("the lookup of the host name `no..name` failed: "),
            "{error}"
        );
    }
}

//! The check of `Host`: only names of this machine.
//!
//! A page of another site could have its own name resolve to this machine (DNS rebinding), and then read the answers as
//! if they were its own. The name would be in `Host`.

use salvo::http::Request;
use salvo::http::header::HOST;

/// The reason why a request is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HostError {
    /// There is not exactly one `Host`.
    NotOne,
    /// It names something else than this machine.
    Other,
}

/// Checks the host of a request: that of its target, if it has one, and of `Host`.
pub(super) fn check(request: &Request) -> Result<(), HostError> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return Err(HostError::NotOne);
    };
    let target = request.uri().authority();
    if is_local(host.as_bytes()) && target.is_none_or(|target| is_local(target.as_str().as_bytes())) {
        Ok(())
    } else {
        Err(HostError::Other)
    }
}

/// Returns true for `localhost`, `127.0.0.1` and `[::1]`, with any port or without one.
fn is_local(host: &[u8]) -> bool {
    /// Digits of a port.
    const PORT: std::ops::RangeInclusive<usize> = 1..=5;
    let Ok(host) = str::from_utf8(host) else {
        return false;
    };
    let is_name = |name: &str| {
        let names = ["localhost", "127.0.0.1", "[::1]"];
        names.iter().any(|known| known.eq_ignore_ascii_case(name))
    };
    let is_port = |port: &str| {
        PORT.contains(&port.len())
            && port.bytes().all(|byte| byte.is_ascii_digit())
            && port.parse::<u16>().is_ok()
    };
    is_name(host)
        || host
            .rsplit_once(':')
            .is_some_and(|(name, port)| is_name(name) && is_port(port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_local() {
        for host in [
            "localhost",
            "LocalHost:9091",
            "127.0.0.1:1",
            "[::1]",
            "[::1]:65535",
            "localhost:00080",
        ] {
            assert!(is_local(host.as_bytes()), "{host}");
        }
        for host in [
            "",
            ":9091",
            "localhost:",
            "localhost.",
            "localhost.:9091",
            "localhost:65536",
            "localhost:+80",
            "localhost:9091:9091",
            "localhost@example.com",
            "example.com@localhost",
            "localhost.example.com",
            "localhost,example.com",
            "127.0.0.1.nip.io",
            "127.1",
            "127.0.0.2",
            "0.0.0.0",
            "2130706433",
            "0x7f000001",
            "::1",
            "[::1",
            "[::]",
            "[0:0:0:0:0:0:0:1]",
            "[::ffff:127.0.0.1]",
            " localhost",
            "localhost /",
            "ｌocalhost",
        ] {
            assert!(!is_local(host.as_bytes()), "{host}");
        }
        assert!(!is_local(b"localhost\xff"));
    }
}

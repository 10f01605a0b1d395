//! The settings of `imageswap serve`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::config::{Limits, RulesSource};

/// What `imageswap serve` is told.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) rules: RulesSource,
    /// What the files of the rules may hold.
    pub(crate) limits: Limits,
    /// Where reviews are taken, over TLS; none for `[::]:5000`, or `0.0.0.0:5000` where there is no IPv6.
    pub(crate) listen: Option<SocketAddr>,
    /// Where health and metrics are served without TLS; none for port 9090 likewise.
    pub(crate) http_listen: Option<SocketAddr>,
    pub(crate) tls: TlsSource,
    pub(crate) disable_label: String,
    pub(crate) dry_run: bool,
    pub(crate) pod_name: Option<String>,
    pub(crate) namespace: String,
    /// How long it goes on serving after SIGTERM, while nothing new is sent to it any more.
    pub(crate) shutdown_delay: Duration,
    /// How long requests in flight may take after that.
    pub(crate) shutdown_timeout: Duration,
    /// The bodies that may be in memory at one time, in bytes.
    pub(crate) max_body_memory: usize,
    /// The connections that may be open at one time, on each port.
    pub(crate) max_connections: usize,
}

/// Where the key pair comes from.
#[derive(Debug)]
pub(crate) enum TlsSource {
    /// A folder with `cert.pem` and `key.pem`, or `tls.crt` and `tls.key`.
    Dir(PathBuf),
    /// A throwaway certificate, made at the start.
    SelfSigned,
}

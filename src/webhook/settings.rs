//! The settings of `imageswap serve`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::cluster::Cluster;
use super::http::Addresses;
use crate::config::{Limits, RulesSource};

/// Options of `imageswap serve`, resolved.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) rules: RulesSource,
    /// Source of the candidate set, if there is one.
    pub(crate) candidate: Option<RulesSource>,
    /// Limits on the number of rules and on the size of a file.
    pub(crate) limits: Limits,
    /// Address for reviews, over TLS. `None` means `[::]:5000`, or `0.0.0.0:5000` if the machine has no IPv6.
    pub(crate) listen: Option<Addresses>,
    /// Address for health and metrics, without TLS. `None` means port 9090 in the same way.
    pub(crate) http_listen: Option<Addresses>,
    /// Address of the page for people. `None` if there is no page.
    pub(crate) page_listen: Option<Addresses>,
    pub(crate) tls: TlsSource,
    /// Source of the key pair, as `--tls` names it, or `self-signed`.
    pub(crate) tls_mode: &'static str,
    /// Access to the API server, if the webhook has it.
    pub(crate) cluster: Option<Arc<dyn Cluster>>,
    pub(crate) disable_label: String,
    pub(crate) dry_run: bool,
    pub(crate) record_originals: bool,
    pub(crate) pod_name: Option<String>,
    pub(crate) namespace: String,
    /// Time for which the webhook continues to serve after SIGTERM, until the API servers use other replicas.
    pub(crate) shutdown_delay: Duration,
    /// Time after that for requests in flight.
    pub(crate) shutdown_timeout: Duration,
    /// Memory for all request bodies together, in bytes.
    pub(crate) max_body_memory: usize,
    /// Maximum number of open connections, on each port.
    pub(crate) max_connections: usize,
    /// File with the level of the log, if there is one.
    pub(crate) log_level_file: Option<PathBuf>,
    /// Options of the command line that are set, by name.
    pub(crate) options: Vec<String>,
    /// Variables that set other options.
    pub(crate) variables: Vec<String>,
}

/// Source of the key pair.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TlsSource {
    /// Directory with `cert.pem` and `key.pem`, or `tls.crt` and `tls.key`.
    Dir(PathBuf),
    /// Self-signed pair, generated at the start.
    SelfSigned,
    /// The cluster gives the pair, and may take its time.
    Cluster,
}

//! The webhook: the only place that knows tokio and salvo.

mod body;
mod certificate;
mod health;
mod listener;
mod logging;
mod memory;
mod metrics;
mod operations;
mod priority;
mod reload;
mod reviews;
mod rule_counts;
mod rules;
mod self_signed;
mod server;
mod shutdown;
mod tally;
mod watch;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use body::MAX_BODY;
pub(crate) use logging::{LogFormat, LogLevel, start as start_logging};

use self::body::BodyBudget;
use self::certificate::Certificate;
use self::health::Health;
use self::listener::Address;
use self::metrics::Metrics;
use self::reviews::Reviews;
use self::rules::SharedRules;
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
    Folder(PathBuf),
    /// A throwaway certificate, made at the start.
    SelfSigned,
}

/// Why the webhook did not start, or ended: one line for people.
#[derive(Debug)]
pub(crate) struct ServeError(String);

/// Serves until it is told to end.
///
/// # Errors
///
/// Where the rules or the certificate are of no use at the start, or a port can't be had.
pub(crate) fn serve(settings: Settings) -> Result<(), ServeError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(settings))
}

async fn run(settings: Settings) -> Result<(), ServeError> {
    let signals = shutdown::Signals::listen()?;
    let health = Arc::new(Health::new(settings.pod_name));
    let metrics =
        Arc::new(Metrics::new().map_err(|error| ServeError(format!("cannot set up metrics: {error}")))?);
    let rules = Arc::new(
        SharedRules::load(&settings.rules, settings.limits).map_err(|error| {
            match (&error, &settings.rules) {
                (rules::LoadError::Refused(set), _) => logging::findings(&set.findings, &set.sources),
                (rules::LoadError::Read(_), RulesSource::MapFile(map)) if !map.exists() => {
                    return ServeError(format!(
                        "{error}; --maps-file names the map, --rules rules in its place"
                    ));
                }
                _ => {}
            }
            ServeError(error.to_string())
        })?,
    );
    metrics.watch_rules(&rules);
    let certificate = Arc::new(match &settings.tls {
        TlsSource::Folder(folder) => {
            Certificate::load(folder).map_err(|error| ServeError(error.to_string()))?
        }
        TlsSource::SelfSigned => self_signed::certificate(&settings.namespace).map_err(ServeError)?,
    });
    let tls = listener::bind(
        settings.listen.map_or(Address::AnyHost(5000), Address::Given),
        "--listen",
    )?;
    let plain = listener::bind(
        settings
            .http_listen
            .map_or(Address::AnyHost(9090), Address::Given),
        "--http-listen",
    )?;
    let reviews = Reviews {
        rules: Arc::clone(&rules),
        metrics: Arc::clone(&metrics),
        health: Arc::clone(&health),
        budget: Arc::new(BodyBudget::new(settings.max_body_memory)),
        disable_label: settings.disable_label,
        dry_run: settings.dry_run,
    };
    let servers = server::Servers::start(
        server::Listeners { tls, plain },
        &certificate,
        reviews,
        &health,
        &metrics,
        settings.max_connections,
    )?;
    tracing::info!(
        rules = %settings.rules,
        digest = rules.digest(),
        address = %servers.tls_address,
        http_address = %servers.plain_address,
        dry_run = settings.dry_run,
        version = env!("CARGO_PKG_VERSION"),
        "serving"
    );
    if matches!(settings.tls, TlsSource::SelfSigned) {
        self_signed::say_how_to_try(servers.tls_address);
    }
    let reloading = reload::start(settings.rules, &rules, certificate, &health, &metrics);
    let result = signals
        .shut_down(
            &health,
            servers,
            settings.shutdown_delay,
            settings.shutdown_timeout,
        )
        .await;
    drop(reloading);
    metrics.shut_down();
    result
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ServeError {}

impl From<std::io::Error> for ServeError {
    fn from(error: std::io::Error) -> Self {
        Self(format!("cannot start: {error}"))
    }
}

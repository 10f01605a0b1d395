//! Failed handshakes, which are counted and logged at a limited rate.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::AlertDescription;
use rustls::client::verify_server_name;
use rustls::pki_types::ServerName;
use rustls::server::ParsedCertificate;
use time::OffsetDateTime;

use super::pair::ParsedPair;
use super::problem::{CertificateProblem, rfc_3339};
use super::shared::SharedPair;
use crate::webhook::logging::Limited;
use crate::webhook::metrics::Metrics;

/// Minimum interval between two lines of the log, so that a broken client or a port scanner cannot fill it.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// Reports failed handshakes of a listener.
#[derive(Debug)]
pub(crate) struct FailedHandshakes {
    metrics: Arc<Metrics>,
    pair: Arc<SharedPair>,
    log: Limited,
}

impl FailedHandshakes {
    /// Returns a reporter that counts in `metrics`, for a listener that presents `pair`.
    pub(crate) fn new(metrics: Arc<Metrics>, pair: Arc<SharedPair>) -> Self {
        Self {
            metrics,
            pair,
            log: Limited::new(LOG_INTERVAL),
        }
    }

    /// Counts and logs a failed handshake. `server_name` is the host name that the client has asked for. A connection
    /// that closes before the handshake is not a failure: port scanners and TCP probes do that.
    pub(crate) fn report(&self, peer: &str, server_name: Option<&str>, error: &io::Error) {
        if matches!(
            error.kind(),
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset
        ) {
            tracing::debug!(peer, %error, "connection closed before the TLS handshake");
            return;
        }
        self.metrics.handshake_failed();
        if let Some(suppressed) = self.log.admit() {
            tracing::warn!(
                peer,
                server_name,
                %error,
                suppressed,
                hint = self.hint(server_name, error),
                "TLS handshake failed"
            );
        }
    }

    fn hint(&self, server_name: Option<&str>, error: &io::Error) -> Option<String> {
        match self.pair.active().as_ref() {
            Some(pair) => hint(pair, server_name, error, self.pair.now()),
            None => Some(NO_PAIR.to_owned()),
        }
    }
}

/// Text for a handshake before the first key pair.
const NO_PAIR: &str = "the webhook waits for its first key pair; /readyz has the reason";
/// Text for a client that does not trust the CA of the certificate.
const CA_BUNDLE: &str = "if the peer is the API server, its caBundle does not match the certificate";

/// Returns the likely cause if the client rejected the certificate by an alert.
fn hint(
    pair: &ParsedPair,
    server_name: Option<&str>,
    error: &io::Error,
    now: OffsetDateTime,
) -> Option<String> {
    let rustls::Error::AlertReceived(alert) = error.get_ref()?.downcast_ref()? else {
        return None;
    };
    let invalid = pair.validity.invalid_at(now);
    match alert {
        AlertDescription::UnknownCA => Some(CA_BUNDLE.to_owned()),
        AlertDescription::CertificateExpired => Some(match invalid {
            Some(problem) => problem.to_string(),
            None => format!(
                "the certificate is valid until {}, so the clock of the peer differs, or its caBundle has expired",
                rfc_3339(pair.validity.leaf_expiry())
            ),
        }),
        // Go, and so the API server, sends `bad_certificate` for each of these problems. Java sends
        // `certificate_unknown`.
        AlertDescription::BadCertificate | AlertDescription::CertificateUnknown => {
            let invalid = invalid.map(|problem| problem.to_string());
            let cause = invalid.or_else(|| missing_name(pair, server_name));
            Some(cause.unwrap_or_else(|| CA_BUNDLE.to_owned()))
        }
        _ => None,
    }
}

/// Returns the problem of the names of the certificate, if the client cannot accept them. An API server asks for
/// `SERVICE.NAMESPACE.svc`.
fn missing_name(pair: &ParsedPair, server_name: Option<&str>) -> Option<String> {
    if !pair.validity.has_name() {
        return Some(CertificateProblem::NoName.to_string());
    }
    let name = ServerName::try_from(server_name?).ok()?;
    let certificate = ParsedCertificate::try_from(pair.certified.end_entity_cert().ok()?).ok()?;
    match verify_server_name(&certificate, &name) {
        Ok(()) => None,
        Err(_) => Some(format!(
            "the certificate does not have the DNS name {}",
            name.to_str()
        )),
    }
}

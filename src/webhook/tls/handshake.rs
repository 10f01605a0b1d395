//! Failed handshakes, which are counted and logged at a limited rate.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::AlertDescription;

use crate::webhook::logging::Limited;
use crate::webhook::metrics::Metrics;

/// Minimum interval between two lines of the log, so that a broken client or a port scanner cannot fill it.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// Reports failed handshakes of a listener.
#[derive(Debug)]
pub(crate) struct FailedHandshakes {
    metrics: Arc<Metrics>,
    log: Limited,
}

impl FailedHandshakes {
    /// Returns a reporter that counts in `metrics`.
    pub(crate) fn new(metrics: Arc<Metrics>) -> Self {
        Self {
            metrics,
            log: Limited::new(LOG_INTERVAL),
        }
    }

    /// Counts and logs a failed handshake. A connection that closes before the handshake is not a failure: port
    /// scanners and TCP probes do that.
    pub(crate) fn report(&self, peer: &str, error: &io::Error) {
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
                %error,
                suppressed,
                hint = hint(error),
                "TLS handshake failed"
            );
        }
    }
}

/// Returns the likely cause if the client rejected the certificate. Go, and so the API server, sends `bad_certificate`.
fn hint(error: &io::Error) -> Option<&'static str> {
    let rustls::Error::AlertReceived(alert) = error.get_ref()?.downcast_ref()? else {
        return None;
    };
    matches!(
        alert,
        AlertDescription::BadCertificate | AlertDescription::CertificateUnknown | AlertDescription::UnknownCA
    )
    .then_some("if the peer is the API server, its caBundle does not match the certificate")
}

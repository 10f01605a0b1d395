//! Failed handshakes: counted, and logged at a limited rate.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::webhook::logging::Limited;
use crate::webhook::metrics::Metrics;

/// A broken client, or a scanner of ports, must not fill the log.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// The failed handshakes of a listener.
#[derive(Debug)]
pub(crate) struct FailedHandshakes {
    metrics: Arc<Metrics>,
    log: Limited,
}

impl FailedHandshakes {
    /// Returns a record that counts in these metrics.
    pub(crate) fn new(metrics: Arc<Metrics>) -> Self {
        Self {
            metrics,
            log: Limited::new(LOG_INTERVAL),
        }
    }

    /// Counts and logs a handshake that failed. A connection that ended before it, as those of a port scanner and of a
    /// TCP probe do, is not a failure.
    pub(crate) fn report(&self, peer: &str, error: &io::Error) {
        if matches!(
            error.kind(),
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset
        ) {
            tracing::debug!(peer, %error, "a connection ended before its TLS handshake");
            return;
        }
        self.metrics.handshake_failed();
        if let Some(suppressed) = self.log.admit() {
            tracing::warn!(
                peer,
                %error,
                suppressed,
                "a TLS handshake failed: if this is the API server, does its caBundle fit the certificate?"
            );
        }
    }
}

//! The result of each attempt to reload: in the status, and in the log if it is news.

use std::sync::Arc;

use crate::config::Digest;
use crate::webhook::status::{Reloaded, Status};

/// Records and logs the attempts to reload one thing.
#[derive(Debug)]
pub(super) struct Reporter {
    object: Reloaded,
    status: Arc<Status>,
}

impl Reporter {
    pub(super) fn new(object: Reloaded, status: Arc<Status>) -> Self {
        Self { object, status }
    }

    /// Logs that an attempt begins, and the time since the one before: whether changes are noticed depends on it.
    pub(super) fn begins(&self) {
        let last = self.status.record(self.object).last_attempt;
        let since = last.and_then(|last| last.elapsed().ok());
        tracing::debug!(
            what = self.object.as_str(),
            last_attempt_seconds = since.map(|since| since.as_secs_f64()),
            "looking for changes"
        );
    }

    /// Reports a version that became active.
    pub(super) fn replaced(&self, active: Digest, how: &str) {
        self.status.replaced(self.object, active);
        tracing::info!(what = self.object.as_str(), "reloaded: {how}");
    }

    /// Reports an attempt that found the active version.
    pub(super) fn unchanged(&self) {
        if self.status.unchanged(self.object) {
            tracing::info!(
                what = self.object.as_str(),
                "what is in force is also what is configured again"
            );
        }
    }

    /// Reports a failed attempt, with the digest of the rejected version if it could be read.
    pub(super) fn failed(&self, error: &str, rejected: Option<Digest>) {
        if self.status.failed(self.object, error, rejected) {
            let active = self.status.record(self.object).active;
            tracing::error!(
                what = self.object.as_str(),
                error,
                active = active.map(tracing::field::display),
                "reload failed"
            );
        }
    }

    /// Reports another failure of a version if the last attempt has rejected the same one. Returns true if it has.
    pub(super) fn failed_again(&self, version: Digest) -> bool {
        let record = self.status.record(self.object);
        match record.error {
            Some(error) if record.rejected == Some(version) => {
                self.failed(&error, Some(version));
                true
            }
            Some(_) | None => false,
        }
    }
}

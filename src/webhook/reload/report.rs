//! Reports of attempts to reload: in the status, and in the log if the result has changed.

use std::sync::Arc;

use super::rules::LoadError;
use crate::config::Digest;
use crate::webhook::status::{Reloaded, Status};

/// Records and logs the attempts to reload one object.
#[derive(Debug)]
pub(super) struct Reporter {
    object: Reloaded,
    status: Arc<Status>,
}

impl Reporter {
    pub(super) fn new(object: Reloaded, status: Arc<Status>) -> Self {
        Self { object, status }
    }

    /// Logs the start of an attempt, with the time since the previous attempt.
    pub(super) fn begins(&self) {
        let last = self.status.record(self.object).last_attempt;
        let since = last.and_then(|last| last.elapsed().ok());
        tracing::debug!(
            what = self.object.as_str(),
            last_attempt_seconds = since.map(|since| since.as_secs_f64()),
            "reload attempt started"
        );
    }

    /// Reports the first version, if it is found in the first attempt.
    pub(super) fn started(&self, active: Digest) {
        self.status.started(self.object, active);
        tracing::info!(what = self.object.as_str(), %active, "loaded");
    }

    /// Returns true before the end of the first attempt.
    pub(super) fn is_first(&self) -> bool {
        self.status.record(self.object).last_attempt.is_none()
    }

    /// Reports a version that became active.
    pub(super) fn replaced(&self, active: Digest) {
        self.status.replaced(self.object, active);
        tracing::info!(what = self.object.as_str(), %active, "reloaded");
    }

    /// Reports an attempt that found the active version.
    pub(super) fn unchanged(&self) {
        if self.status.unchanged(self.object) {
            tracing::info!(
                what = self.object.as_str(),
                "reload failure resolved: the files match the active version"
            );
        }
    }

    /// Reports a failed attempt, with the digest of the rejected version if it was readable. Returns true if the previous
    /// attempt did not fail in the same way.
    pub(super) fn failed(&self, error: &str, rejected: Option<Digest>) -> bool {
        let is_new = self.status.failed(self.object, error, rejected);
        if is_new {
            let active = self.status.record(self.object).active;
            tracing::error!(
                what = self.object.as_str(),
                error,
                active = active.map(tracing::field::display),
                "reload failed"
            );
        }
        is_new
    }

    /// Returns true if the log has the findings of this rejected version, and nothing has ended the failure since.
    pub(super) fn has_findings_of(&self, version: Digest) -> bool {
        self.status.record(self.object).reported == Some(version)
    }

    /// Records the findings of the version that the last attempt rejected.
    pub(super) fn rejected_for(&self, error: &LoadError) {
        self.status.rejected_for(self.object, error.findings());
    }

    /// Returns true if the last attempt rejected this version, and then reports the failure again.
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

//! The status of the objects that the webhook reloads: a record of each, which health, metrics and the log read.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use imageswap_engine::label;

use crate::config::Digest;

/// An object that the webhook reloads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reloaded {
    /// The rules.
    Rules,
    /// The key pair.
    Certificate,
    /// The candidate set.
    Candidate,
    /// The level of the log.
    LogLevel,
}

/// The record of the reloads of one object.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReloadRecord {
    /// The time of the last attempt, including attempts that found the active version.
    pub(crate) last_attempt: Option<SystemTime>,
    /// The time at which the active version became active.
    pub(crate) active_since: Option<SystemTime>,
    /// The time of the last attempt that made a version active, or ended a failure by a return to the active one.
    pub(crate) last_success: Option<SystemTime>,
    /// The error of the last attempt, if it failed.
    pub(crate) error: Option<String>,
    /// The findings of the rejected version that `error` describes, each as text of several lines.
    pub(crate) findings: Arc<[String]>,
    /// The digest of the rejected version that `error` describes, if its files were readable.
    pub(crate) rejected: Option<Digest>,
    /// The digest of the last rejected version since a version was active without a failure. The log has its findings,
    /// even if the files are not readable meanwhile.
    pub(crate) reported: Option<Digest>,
    /// The digest of the active version.
    pub(crate) active: Option<Digest>,
    /// The number of versions that became active by a reload.
    pub(crate) succeeded: u64,
    /// The number of failed reloads. Consecutive attempts with the same error count once.
    pub(crate) failed: u64,
}

/// The records of all objects.
#[derive(Debug, Default)]
pub(crate) struct Status([Mutex<ReloadRecord>; Reloaded::ALL.len()]);

// Names in logs, metrics and `/readyz`.
label!(Reloaded {
    Rules => "rules",
    Certificate => "certificate",
    Candidate => "candidate",
    LogLevel => "log-level",
});

impl Status {
    /// Returns the record of an object.
    pub(crate) fn record(&self, object: Reloaded) -> ReloadRecord {
        self.lock(object).clone()
    }

    /// Records the version with which the process starts.
    pub(crate) fn started(&self, object: Reloaded, active: Digest) {
        self.lock(object).activate(active);
    }

    /// Records a version that replaced the active one.
    pub(crate) fn replaced(&self, object: Reloaded, active: Digest) {
        let mut record = self.lock(object);
        record.activate(active);
        record.succeeded += 1;
    }

    /// Records an attempt that found the active version. Returns true if the previous attempt failed.
    pub(crate) fn unchanged(&self, object: Reloaded) -> bool {
        let mut record = self.lock(object);
        let now = Some(SystemTime::now());
        record.last_attempt = now;
        record.rejected = None;
        record.reported = None;
        record.findings = Arc::default();
        let had_failed = record.error.take().is_some();
        if had_failed {
            record.last_success = now;
        }
        had_failed
    }

    /// Records a failed attempt, with the digest of the rejected version if it is known. Returns true if the previous
    /// attempt did not fail with the same error.
    pub(crate) fn failed(&self, object: Reloaded, error: &str, rejected: Option<Digest>) -> bool {
        let mut record = self.lock(object);
        record.last_attempt = Some(SystemTime::now());
        record.rejected = rejected;
        record.reported = rejected.or(record.reported);
        // The files are read again every few seconds. If each attempt counted, an alert on the rate of failures would
        // show how often they are read.
        let is_new = record.error.as_deref() != Some(error);
        if is_new {
            record.findings = Arc::default();
            record.error = Some(error.to_owned());
            record.failed += 1;
        }
        is_new
    }

    /// Records the findings of the version that the last attempt rejected.
    pub(crate) fn rejected_for(&self, object: Reloaded, findings: Vec<String>) {
        self.lock(object).findings = findings.into();
    }

    fn lock(&self, object: Reloaded) -> MutexGuard<'_, ReloadRecord> {
        let record = &self.0[object as usize];
        record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ReloadRecord {
    fn activate(&mut self, active: Digest) {
        let now = Some(SystemTime::now());
        self.last_attempt = now;
        self.active_since = now;
        self.last_success = now;
        self.active = Some(active);
        self.error = None;
        self.findings = Arc::default();
        self.rejected = None;
        self.reported = None;
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    fn digest(text: &str) -> Digest {
        Digest::new(Sha256::new_with_prefix(text))
    }

    #[test]
    fn failure_counts_once_until_the_error_changes_or_ends() {
        let status = Status::default();
        status.started(Reloaded::Rules, digest("a"));
        let failed = |error| status.failed(Reloaded::Rules, error, Some(digest("b")));
        assert_eq!([failed("x"), failed("x"), failed("y")], [true, false, true]);
        assert_eq!(status.record(Reloaded::Rules).rejected, Some(digest("b")));
        assert!(status.unchanged(Reloaded::Rules));
        assert!(!status.unchanged(Reloaded::Rules));
        assert!(failed("y"));
        let record = status.record(Reloaded::Rules);
        assert_eq!((record.failed, record.succeeded), (3, 0));
        assert_eq!(
            (record.active, record.error.as_deref()),
            (Some(digest("a")), Some("y"))
        );
    }

    #[test]
    fn new_version_ends_a_failure_of_its_object_only() {
        let status = Status::default();
        status.started(Reloaded::Rules, digest("a"));
        let first = status.record(Reloaded::Rules);
        status.failed(Reloaded::Rules, "x", None);
        assert_eq!(status.record(Reloaded::Rules).last_success, first.last_success);
        status.replaced(Reloaded::Rules, digest("c"));
        let record = status.record(Reloaded::Rules);
        assert_eq!((record.active, record.error), (Some(digest("c")), None));
        assert_eq!((record.failed, record.succeeded), (1, 1));
        assert!(record.last_success >= first.last_success && record.last_attempt == record.last_success);
        assert!(status.record(Reloaded::Certificate).last_attempt.is_none());
    }
}

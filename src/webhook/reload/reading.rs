//! The time that files take to read. A volume whose server is gone answers never.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use imageswap_files::MAX_READ;

/// The state of a read that may not end.
#[derive(Debug, Default)]
pub(super) struct Reading(Mutex<Option<Instant>>);

impl Reading {
    /// Records that a read begins.
    pub(super) fn begins(&self) {
        *self.lock() = Some(Instant::now());
    }

    /// Records that the read has ended. What follows may take as long as it needs.
    pub(super) fn ends(&self) {
        *self.lock() = None;
    }

    /// Calls `report` if a read has taken longer than [`MAX_READ`]. The read does not end meanwhile, so what it leads to
    /// is reported later.
    pub(super) fn report_if_stuck(&self, report: impl FnOnce()) {
        let since = self.lock();
        if since.is_some_and(|since| since.elapsed() > MAX_READ) {
            report();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_read_that_lasts_is_reported() {
        let reading = Reading::default();
        let is_reported = || {
            let mut is_reported = false;
            reading.report_if_stuck(|| is_reported = true);
            is_reported
        };
        assert!(!is_reported());
        reading.begins();
        assert!(!is_reported());
        *reading.lock() = Instant::now().checked_sub(2 * MAX_READ);
        assert!(is_reported());
        reading.ends();
        assert!(!is_reported());
    }
}

//! A limit on the rate of one kind of log line.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A limit of one line in an interval. It counts the lines between.
#[derive(Debug)]
pub(crate) struct Limited {
    interval: Duration,
    lines: Mutex<LimitedLines>,
}

#[derive(Debug)]
struct LimitedLines {
    last: Option<Instant>,
    suppressed: u64,
}

impl Limited {
    /// Returns a limit that admits the next line.
    pub(crate) fn new(interval: Duration) -> Self {
        Self {
            interval,
            lines: Mutex::new(LimitedLines {
                last: None,
                suppressed: 0,
            }),
        }
    }

    /// Returns the number of lines that were suppressed since the last one, or `None` if this one is suppressed too.
    pub(crate) fn admit(&self) -> Option<u64> {
        self.admit_at(Instant::now())
    }

    fn admit_at(&self, now: Instant) -> Option<u64> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines
            .last
            .is_some_and(|last| now.duration_since(last) < self.interval)
        {
            lines.suppressed += 1;
            return None;
        }
        lines.last = Some(now);
        Some(std::mem::take(&mut lines.suppressed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limit_admits_one_line_in_an_interval_and_counts_the_rest() {
        let limit = Limited::new(Duration::from_secs(10));
        let start = Instant::now();
        let admitted = [0, 1, 9, 10, 11, 30, 31].map(|at| limit.admit_at(start + Duration::from_secs(at)));
        assert_eq!(admitted, [Some(0), None, None, Some(2), None, Some(1), None]);
    }
}

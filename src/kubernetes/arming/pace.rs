//! The pace of the attempts to change an object: the delay after a failure, and the limit against a fight.

use std::time::Duration;

use tokio::time::Instant;

/// The longest delay between two attempts.
const MAX_DELAY: Duration = Duration::from_secs(30);
/// The time without a restoration after which a fight is over.
const CALM: Duration = Duration::from_secs(300);
/// The number of restorations that have no delay: an upgrade may change an object several times.
const AT_ONCE: u32 = 10;

/// The delay after failures. Each one doubles it.
#[derive(Debug)]
pub(super) struct Backoff {
    first: Duration,
    max: Duration,
    failures: u32,
}

/// The restorations of an object that others change again and again.
#[derive(Debug, Default)]
pub(super) struct Restorations {
    number: u32,
    last: Option<Instant>,
}

impl Backoff {
    /// Returns a backoff of a request that failed.
    pub(super) const fn of_requests() -> Self {
        Self {
            first: Duration::from_millis(500),
            max: MAX_DELAY,
            failures: 0,
        }
    }

    /// Returns a short backoff, for a Service whose endpoints follow the readiness of a Pod within a second or two.
    pub(super) const fn of_the_service() -> Self {
        Self {
            first: Duration::from_millis(100),
            max: Duration::from_secs(5),
            failures: 0,
        }
    }

    /// Counts a failure, and returns the delay before the next attempt.
    pub(super) fn fail(&mut self) -> Duration {
        let delay = self.first.saturating_mul(1 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        delay.min(self.max)
    }

    /// Returns the number of failures since the last success.
    pub(super) const fn failures(&self) -> u32 {
        self.failures
    }

    /// Ends the series of failures.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }
}

impl Restorations {
    /// Records a restoration.
    pub(super) fn record(&mut self, now: Instant) {
        if self.last.is_some_and(|last| now.duration_since(last) > CALM) {
            self.number = 0;
        }
        self.number = self.number.saturating_add(1);
        self.last = Some(now);
    }

    /// Returns the time before which the object is not restored. `None` if there is no fight.
    pub(super) fn next(&self, now: Instant) -> Option<Instant> {
        let last = self.last.filter(|last| now.duration_since(*last) <= CALM)?;
        let excess = self.number.checked_sub(AT_ONCE)?;
        Some(last + Duration::from_secs(2 << excess.min(10)).min(MAX_DELAY))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delay_doubles_up_to_its_limit_until_a_success() {
        let mut backoff = Backoff::of_requests();
        let delays: Vec<u128> = (0..9).map(|_| backoff.fail().as_millis()).collect();
        assert_eq!(delays, [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]);
        backoff.reset();
        assert_eq!(backoff.fail().as_millis(), 500);
        let mut backoff = Backoff::of_the_service();
        let delays: Vec<u128> = (0..7).map(|_| backoff.fail().as_millis()).collect();
        assert_eq!(delays, [100, 200, 400, 800, 1600, 3200, 5000]);
    }

    #[test]
    fn fight_is_slowed_down_and_forgotten() {
        let start = Instant::now();
        let mut restorations = Restorations::default();
        let mut now = start;
        let mut delays = Vec::new();
        for _ in 0..40 {
            let next = restorations.next(now);
            delays.push(next.map_or(0, |next| next.saturating_duration_since(now).as_secs()));
            now = next.unwrap_or(now).max(now);
            restorations.record(now);
        }
        assert_eq!(delays[..10], [0; 10]);
        assert_eq!(delays[10..15], [2, 4, 8, 16, 30]);
        assert_eq!(delays[15..], [30; 25]);
        assert!(restorations.next(now).is_some());
        assert_eq!(restorations.next(now + CALM + Duration::from_secs(1)), None);
    }
}

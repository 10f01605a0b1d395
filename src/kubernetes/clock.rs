//! The clock of the API server.
//!
//! The API server decides whether a certificate is valid, so the webhook issues and renews certificates by its clock.
//! A wrong clock of a node then neither makes certificates that nobody accepts, nor renews those that are valid.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use http::HeaderMap;
use http::header::DATE;
use time::{Duration, OffsetDateTime, PrimitiveDateTime, format_description::BorrowedFormatItem};

/// Differences below this many seconds are the time that an answer takes, and the seconds that the header cuts off.
const TOLERANCE: i64 = 2;

/// The format of the header, from RFC 9110.
const FORMAT: &[BorrowedFormatItem<'_>] = time::macros::format_description!(
    "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
);

/// The clock of the API server: its last answer, and the time since then. Jumps of this machine's clock do not change
/// it.
#[derive(Debug, Default)]
pub(super) struct ServerClock(Mutex<Option<(OffsetDateTime, Instant)>>);

impl ServerClock {
    /// Returns the time of the API server. Before its first answer, it is that of this machine.
    pub(super) fn now(&self) -> OffsetDateTime {
        let answered = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        answered.map_or_else(OffsetDateTime::now_utc, |(time, at)| {
            let since = Duration::try_from(at.elapsed()).unwrap_or(Duration::MAX);
            time.saturating_add(since)
        })
    }

    /// Returns the seconds that the API server is ahead of this machine.
    pub(super) fn ahead(&self) -> i64 {
        let ahead = (self.now() - OffsetDateTime::now_utc()).whole_seconds();
        if ahead.abs() <= TOLERANCE { 0 } else { ahead }
    }

    /// Reads the time of an answer that has just arrived.
    pub(super) fn read(&self, headers: &HeaderMap) {
        if let Some(time) = date(headers) {
            let answered = Some((time, Instant::now()));
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = answered;
        }
    }
}

fn date(headers: &HeaderMap) -> Option<OffsetDateTime> {
    let text = headers.get(DATE)?.to_str().ok()?;
    Some(PrimitiveDateTime::parse(text, FORMAT).ok()?.assume_utc())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use time::macros::datetime;

    use super::*;

    fn headers(date: &str) -> HeaderMap {
        HeaderMap::from_iter([(DATE, HeaderValue::from_str(date).unwrap())])
    }

    #[test]
    fn header_of_an_answer_is_read() {
        let read = date(&headers("Sun, 06 Nov 1994 08:49:37 GMT"));
        assert_eq!(read, Some(datetime!(1994-11-06 08:49:37 UTC)));
        assert_eq!(date(&headers("yesterday")), None);
    }

    #[test]
    fn time_is_that_of_the_last_answer() {
        let clock = ServerClock::default();
        let difference = |clock: &ServerClock| (clock.now() - OffsetDateTime::now_utc()).whole_minutes();
        assert_eq!(difference(&clock), 0);
        let past = (OffsetDateTime::now_utc() - Duration::hours(3))
            .format(FORMAT)
            .unwrap();
        clock.read(&headers(&past));
        assert!((-181..=-179).contains(&difference(&clock)), "{clock:?}");
        let present = OffsetDateTime::now_utc().format(FORMAT).unwrap();
        clock.read(&headers(&present));
        assert_eq!((difference(&clock), clock.ahead()), (0, 0));
    }
}

//! The last error of reading an object by a watch or a request.

use std::time::Duration;

use tokio::time::Instant;

use crate::kubernetes::error::ApiError;

/// The time for which an error counts: the client repeats a failing watch more often than that. A watch that works again
/// is silent until the object changes.
const MEMORY: Duration = Duration::from_secs(90);

/// The last error of reading an object, if it still counts.
#[derive(Debug, Default)]
pub(super) struct LastError(Option<(Instant, ApiError)>);

impl LastError {
    /// Records an error. If both the right to watch and the right to get are missing, the first one stays: the rule to add
    /// has all verbs, and the log would repeat both in turn.
    pub(super) fn record(&mut self, error: ApiError, now: Instant) {
        let lacks_watch = |last: &ApiError| last.is_forbidden() && last.verb != "get";
        if error.is_forbidden() && error.verb == "get" && self.current(now).is_some_and(lacks_watch) {
            return;
        }
        self.0 = Some((now, error));
    }

    /// Records that a watch was successful.
    pub(super) fn watched(&mut self) {
        self.0 = None;
    }

    /// Records that a request was successful. It succeeds without the right to watch.
    pub(super) fn got(&mut self) {
        self.0
            .take_if(|(_, error)| error.verb == "get" || !error.is_forbidden());
    }

    /// Returns the error. A failing request to get the object is repeated, so its error counts until then.
    pub(super) fn current(&mut self, now: Instant) -> Option<&ApiError> {
        self.0
            .take_if(|(time, error)| error.verb != "get" && now.duration_since(*time) > MEMORY);
        self.0.as_ref().map(|(_, error)| error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::error::ApiProblem;
    use crate::kubernetes::object::Object;
    use crate::kubernetes::settings::of_tests;

    fn error(verb: &'static str, reason: ApiProblem) -> ApiError {
        ApiError::new(verb, Object::Entries, &of_tests(), reason)
    }

    #[test]
    fn missing_right_to_watch_counts_until_it_is_not_reported_again() {
        let now = Instant::now();
        let mut last = LastError::default();
        last.record(error("watch", ApiProblem::Forbidden), now);
        last.got();
        assert!(last.current(now + MEMORY).is_some());
        assert!(last.current(now + MEMORY + Duration::from_secs(1)).is_none());
        last.record(error("list", ApiProblem::Forbidden), now);
        last.record(error("get", ApiProblem::Forbidden), now);
        assert_eq!(last.current(now).map(|error| error.verb), Some("list"));
        last.watched();
        assert!(last.current(now).is_none());
    }

    #[test]
    fn other_errors_count_until_a_request_succeeds() {
        let now = Instant::now();
        let mut last = LastError::default();
        for error in [
            error("watch", ApiProblem::TimedOut),
            error("get", ApiProblem::Forbidden),
        ] {
            last.record(error, now);
            assert!(last.current(now + MEMORY).is_some());
            last.got();
            assert!(last.current(now).is_none());
        }
    }
}

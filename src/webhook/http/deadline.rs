//! The timeout of a request, which its caller sends.

use std::time::Duration;

/// Time for an answer if the caller sends no timeout: the longest that an API server waits.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// Returns the timeout in the query parameter `timeout`, which every API server sends.
pub(crate) fn timeout(query: Option<&str>) -> Option<Duration> {
    let mut parameters = query?.split('&');
    let seconds = parameters.find_map(|parameter| parameter.strip_prefix("timeout="))?;
    let seconds = seconds.strip_suffix('s')?.parse().ok()?;
    // Without an upper limit, a huge timeout would overflow when it is added to the current time.
    Some(Duration::from_secs(seconds).clamp(Duration::from_secs(1), Duration::from_secs(86_400)))
}

/// Returns a duration in microseconds, for the log and for times since the start of a port.
pub(crate) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeout_of_the_caller_is_used_within_limits() {
        let seconds = |query| timeout(query).map(|timeout| timeout.as_secs());
        assert_eq!(seconds(Some("timeout=5s")), Some(5));
        assert_eq!(seconds(Some("a=b&timeout=7s")), Some(7));
        assert_eq!(seconds(None), None);
        assert_eq!(seconds(Some("timeout=soon")), None);
        assert_eq!(seconds(Some("timeout=0s")), Some(1));
        assert_eq!(seconds(Some("timeout=99999999s")), Some(86_400));
    }
}

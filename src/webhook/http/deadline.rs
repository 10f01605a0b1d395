//! The timeout of a request, which its caller names.

use std::time::Duration;

/// Returns the timeout in the query parameter `timeout`, which every API server sends.
pub(crate) fn timeout(query: Option<&str>) -> Option<Duration> {
    let mut parameters = query?.split('&');
    let seconds = parameters.find_map(|parameter| parameter.strip_prefix("timeout="))?;
    let seconds = seconds.strip_suffix('s')?.parse().ok()?;
    // A day is as good as for ever, and can be added to any time.
    Some(Duration::from_secs(seconds).clamp(Duration::from_secs(1), Duration::from_secs(86_400)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_may_wait_as_long_as_its_caller_says() {
        let seconds = |query| timeout(query).map(|timeout| timeout.as_secs());
        assert_eq!(seconds(Some("timeout=5s")), Some(5));
        assert_eq!(seconds(Some("a=b&timeout=7s")), Some(7));
        assert_eq!(seconds(None), None);
        assert_eq!(seconds(Some("timeout=soon")), None);
        assert_eq!(seconds(Some("timeout=0s")), Some(1));
        assert_eq!(seconds(Some("timeout=99999999s")), Some(86_400));
    }
}

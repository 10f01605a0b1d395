//! The body of a request, read within what all bodies together may hold.
//!
//! A body is paid for as it arrives, so that a client which announces much and sends little holds little. Where
//! all is spent, one body at a time may go on at the expense of a reserve which is large enough for any: so
//! some body always gets on, however many began together.

use std::time::Duration;

use http_body_util::BodyExt as _;
use salvo::http::ReqBody;
use tokio::sync::{Mutex, MutexGuard, Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

/// The longest body, in bytes. An object is a few MiB at most, and an update has it twice.
pub(crate) const MAX_BODY: usize = 8 << 20;

/// What all bodies together may hold.
#[derive(Debug)]
pub(super) struct BodyBudget {
    /// A permit a byte.
    shared: Semaphore,
    reserve: Mutex<()>,
}

/// A body, and what it has been paid for with.
#[derive(Debug)]
pub(super) struct Body<'b> {
    budget: &'b BodyBudget,
    bytes: bytes::Bytes,
    paid: Option<SemaphorePermit<'b>>,
    reserve: Option<MutexGuard<'b, ()>>,
}

/// Why there is no body.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BodyError {
    /// It is longer than [`MAX_BODY`].
    TooLong,
    /// It did not arrive in time, or its turn did not come.
    TooSlow,
    /// The connection broke.
    Broken,
}

impl BodyBudget {
    /// A budget of so many bytes, of which [`MAX_BODY`] are the reserve.
    pub(super) fn new(bytes: usize) -> Self {
        Self {
            shared: Semaphore::new(bytes.saturating_sub(MAX_BODY).min(Semaphore::MAX_PERMITS)),
            reserve: Mutex::new(()),
        }
    }

    /// Reads a body, waiting for its turn where too much is in memory already.
    pub(super) async fn read(
        &self,
        body: ReqBody,
        length: Option<u64>,
        deadline: Instant,
    ) -> Result<Body<'_>, BodyError> {
        match timeout_at(deadline, self.collect(body, length)).await {
            Ok(read) => read,
            Err(_) => Err(BodyError::TooSlow),
        }
    }

    async fn collect(&self, mut body: ReqBody, length: Option<u64>) -> Result<Body<'_>, BodyError> {
        let length = length.map(|length| usize::try_from(length).unwrap_or(usize::MAX));
        if length.is_some_and(|length| length > MAX_BODY) {
            return Err(BodyError::TooLong);
        }
        let mut whole = Body {
            budget: self,
            bytes: bytes::Bytes::new(),
            paid: None,
            reserve: None,
        };
        let mut parts = Vec::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| BodyError::Broken)?.into_data() else {
                continue;
            };
            if parts.len() + data.len() > MAX_BODY {
                return Err(BodyError::TooLong);
            }
            whole.pay(data.len()).await;
            if parts.is_empty() && Some(data.len()) == length {
                // Nearly always: then nothing is copied.
                whole.bytes = data;
                return Ok(whole);
            }
            if parts.is_empty() {
                parts.reserve_exact(length.unwrap_or_default());
            }
            parts.extend_from_slice(&data);
        }
        whole.bytes = parts.into();
        Ok(whole)
    }
}

impl Body<'_> {
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Pays for so many bytes, as soon as there is something to pay with.
    async fn pay(&mut self, bytes: usize) {
        if self.reserve.is_some() {
            // The reserve pays for whatever is still to come.
            return;
        }
        let count = u32::try_from(bytes).unwrap_or(u32::MAX);
        let permit = match self.budget.shared.try_acquire_many(count) {
            Ok(permit) => permit,
            Err(_) => tokio::select! {
                permit = self.budget.shared.acquire_many(count) => match permit {
                    Ok(permit) => permit,
                    // It is never closed.
                    Err(_) => return,
                },
                reserve = self.budget.reserve.lock() => {
                    self.reserve = Some(reserve);
                    return;
                }
            },
        };
        match &mut self.paid {
            Some(paid) => paid.merge(permit),
            None => self.paid = Some(permit),
        }
    }
}

/// How long a review may take: what the caller grants it in `?timeout=`, within reason.
pub(super) fn patience(query: Option<&str>) -> Duration {
    /// What the API server grants where nothing is configured.
    const DEFAULT: Duration = Duration::from_secs(10);
    /// The most that can be configured.
    const MOST: Duration = Duration::from_secs(30);
    let granted = query.and_then(|query| {
        let mut parameters = query.split('&');
        let seconds = parameters.find_map(|parameter| parameter.strip_prefix("timeout="))?;
        seconds.strip_suffix('s')?.parse().ok().map(Duration::from_secs)
    });
    granted.unwrap_or(DEFAULT).clamp(Duration::from_secs(1), MOST)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(30)
    }

    #[tokio::test]
    async fn a_body_in_one_piece_is_not_copied() {
        let sent = bytes::Bytes::from_static(b"review");
        let budget = BodyBudget::new(64 << 20);
        let body = budget
            .read(ReqBody::Once(sent.clone()), Some(6), soon())
            .await
            .unwrap();
        assert_eq!(body.as_bytes().as_ptr(), sent.as_ptr());
    }

    #[tokio::test]
    async fn a_body_longer_than_the_limit_is_refused_whether_it_says_so_or_not() {
        let budget = BodyBudget::new(64 << 20);
        let long = bytes::Bytes::from(vec![b' '; MAX_BODY + 1]);
        for length in [Some(u64::try_from(long.len()).unwrap()), None] {
            let read = budget.read(ReqBody::Once(long.clone()), length, soon()).await;
            assert_eq!(read.unwrap_err(), BodyError::TooLong);
        }
        let longest = bytes::Bytes::from(vec![b' '; MAX_BODY]);
        assert!(budget.read(ReqBody::Once(longest), None, soon()).await.is_ok());
    }

    #[tokio::test]
    async fn bodies_that_together_are_too_much_all_get_their_turn() {
        // Room for the reserve and half a body more, for 20 of them.
        let budget = Arc::new(BodyBudget::new(MAX_BODY + MAX_BODY / 2));
        let held = Arc::new(AtomicUsize::new(0));
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let (budget, held) = (Arc::clone(&budget), Arc::clone(&held));
            tasks.spawn(async move {
                let body = ReqBody::Once(bytes::Bytes::from(vec![b' '; MAX_BODY]));
                let body = budget.read(body, None, soon()).await.unwrap();
                let now = held.fetch_add(body.as_bytes().len(), Ordering::SeqCst) + body.as_bytes().len();
                assert!(now <= MAX_BODY + MAX_BODY / 2, "{now} bytes at one time");
                tokio::task::yield_now().await;
                held.fetch_sub(body.as_bytes().len(), Ordering::SeqCst);
            });
        }
        while let Some(task) = tasks.join_next().await {
            task.unwrap();
        }
    }

    #[tokio::test]
    async fn a_body_whose_turn_does_not_come_in_time_is_given_up() {
        let budget = BodyBudget::new(MAX_BODY);
        let one = ReqBody::Once(bytes::Bytes::from_static(b"1"));
        let held = budget.read(one, None, soon()).await.unwrap();
        let other = ReqBody::Once(bytes::Bytes::from_static(b"2"));
        let read = budget
            .read(other, None, Instant::now() + Duration::from_millis(20))
            .await;
        assert_eq!(read.unwrap_err(), BodyError::TooSlow);
        drop(held);
    }

    #[test]
    fn a_review_may_take_what_the_caller_grants_it() {
        let seconds = |query| patience(query).as_secs();
        assert_eq!(seconds(Some("timeout=5s")), 5);
        assert_eq!(seconds(Some("a=b&timeout=7s")), 7);
        assert_eq!(seconds(None), 10);
        assert_eq!(seconds(Some("timeout=soon")), 10);
        assert_eq!(seconds(Some("timeout=0s")), 1);
        assert_eq!(seconds(Some("timeout=86400s")), 30);
    }
}

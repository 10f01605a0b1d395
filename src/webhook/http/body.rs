//! Reading the body of a request.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use http_body_util::BodyExt as _;
use salvo::http::ReqBody;
use tokio::time::{Instant, timeout_at};

use super::budget::{BodyBudget, BodyCharge, MAX_BODY};

/// How long a client may leave off in the middle of a body, and how long it may be waited for in all.
const GAP_TIMEOUT: Duration = Duration::from_secs(10);
const WAIT_TIMEOUT: Duration = Duration::from_secs(30);

/// A body, and its part of the budget.
#[derive(Debug)]
pub(crate) struct Body<'b> {
    bytes: bytes::Bytes,
    _charge: BodyCharge<'b>,
}

/// Why there is no body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// It is longer than [`MAX_BODY`].
    TooLong,
    /// It did not arrive in time.
    TooSlow,
    /// The budget had no memory for it in time.
    NoMemory,
    /// The connection broke.
    Broken,
}

impl<'b> Body<'b> {
    /// Reads a body, until the deadline if there is one. A body waits for memory while the budget is spent.
    pub(crate) async fn read(
        budget: &'b BodyBudget,
        body: ReqBody,
        length: Option<u64>,
        deadline: Option<Instant>,
    ) -> Result<Self, BodyError> {
        let waits = AtomicBool::new(false);
        let mut read = pin!(Self::collect(budget, body, length, &waits));
        // Nearly always all of it is there with the head of the request, and no clock is needed.
        if let Some(body) = poll_once(read.as_mut()).await {
            return body;
        }
        let Some(deadline) = deadline else {
            return read.await;
        };
        timeout_at(deadline, read).await.unwrap_or_else(|_| {
            Err(if waits.load(Ordering::Relaxed) {
                BodyError::NoMemory
            } else {
                BodyError::TooSlow
            })
        })
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    async fn collect(
        budget: &'b BodyBudget,
        mut body: ReqBody,
        length: Option<u64>,
        waits: &AtomicBool,
    ) -> Result<Self, BodyError> {
        let length = length.map(|length| usize::try_from(length).unwrap_or(usize::MAX));
        if length.is_some_and(|length| length > MAX_BODY) {
            discard(body).await;
            return Err(BodyError::TooLong);
        }
        let mut charge = BodyCharge::new(budget, length);
        let mut parts = BodyParts::default();
        let mut read = 0;
        let mut remaining = WAIT_TIMEOUT;
        loop {
            // Only the client's own time counts, not the time that it waits for its turn.
            let frame = match poll_once(pin!(body.frame())).await {
                Some(frame) => frame,
                None => {
                    let started = Instant::now();
                    let frame = timeout_at(started + remaining.min(GAP_TIMEOUT), body.frame()).await;
                    remaining = remaining.saturating_sub(started.elapsed());
                    frame.map_err(|_| BodyError::TooSlow)?
                }
            };
            let Some(frame) = frame else { break };
            let Ok(data) = frame.map_err(|_| BodyError::Broken)?.into_data() else {
                continue;
            };
            read += data.len();
            if read > MAX_BODY {
                discard(body).await;
                return Err(BodyError::TooLong);
            }
            charge.add(data.len(), waits).await;
            if Some(data.len()) == length {
                // Nearly always: then nothing is copied.
                return Ok(Self {
                    bytes: data,
                    _charge: charge,
                });
            }
            parts.push(data);
            if Some(read) == length {
                break;
            }
        }
        // Only now, when it is soon over, is there one piece of memory as long as the body. To set it aside while
        // most of the body is still to come would keep it from others who have their turn before.
        Ok(Self {
            bytes: parts.concat(),
            _charge: charge,
        })
    }
}

/// The pieces of a body. Small ones are put together: each takes some memory besides its bytes, which nobody
/// pays for.
#[derive(Default)]
struct BodyParts {
    done: Vec<bytes::Bytes>,
    small: Vec<u8>,
}

impl BodyParts {
    fn push(&mut self, data: bytes::Bytes) {
        /// What is long enough to stand for itself, in bytes.
        const LARGE: usize = 4 << 10;
        if data.len() < LARGE {
            self.small.extend_from_slice(&data);
        }
        if data.len() >= LARGE || self.small.len() >= 16 * LARGE {
            if !self.small.is_empty() {
                self.done.push(std::mem::take(&mut self.small).into());
            }
            if data.len() >= LARGE {
                self.done.push(data);
            }
        }
    }

    fn concat(mut self) -> bytes::Bytes {
        if !self.small.is_empty() {
            self.done.push(self.small.into());
        }
        match <[bytes::Bytes; 1]>::try_from(self.done) {
            Ok([only]) => only,
            Err(parts) => parts.concat().into(),
        }
    }
}

/// What comes of a future at once, if anything does.
async fn poll_once<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// Reads what a client is still sending, for a while, and drops it: a connection that is closed with something
/// unread is reset, and the answer may be lost with it.
async fn discard(mut body: ReqBody) {
    let enough = async {
        let mut read = 0;
        while let Some(Ok(frame)) = body.frame().await {
            read += frame.data_ref().map_or(0, bytes::Bytes::len);
            if read > 4 * MAX_BODY {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(2), enough).await;
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;

    use super::super::budget::SHORT;
    use super::*;

    fn soon() -> Option<Instant> {
        Some(Instant::now() + Duration::from_secs(30))
    }

    #[tokio::test]
    async fn a_body_in_one_piece_is_not_copied() {
        let sent = bytes::Bytes::from_static(b"review");
        let budget = BodyBudget::new(64 << 20);
        let body = Body::read(&budget, ReqBody::Once(sent.clone()), Some(6), soon())
            .await
            .unwrap();
        assert_eq!(body.as_bytes().as_ptr(), sent.as_ptr());
    }

    #[tokio::test]
    async fn a_body_longer_than_the_limit_is_refused_whether_it_says_so_or_not() {
        let budget = BodyBudget::new(64 << 20);
        let long = bytes::Bytes::from(vec![b' '; MAX_BODY + 1]);
        for length in [Some(u64::try_from(long.len()).unwrap()), None] {
            let read = Body::read(&budget, ReqBody::Once(long.clone()), length, soon()).await;
            assert_eq!(read.unwrap_err(), BodyError::TooLong);
        }
        let longest = bytes::Bytes::from(vec![b' '; MAX_BODY]);
        assert!(
            Body::read(&budget, ReqBody::Once(longest), None, soon())
                .await
                .is_ok()
        );
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
                let body = Body::read(&budget, body, None, soon()).await.unwrap();
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
        let held = Body::read(&budget, one, None, soon()).await.unwrap();
        let other = ReqBody::Once(bytes::Bytes::from_static(b"2"));
        let read = Body::read(
            &budget,
            other,
            None,
            Some(Instant::now() + Duration::from_millis(20)),
        )
        .await;
        assert_eq!(read.unwrap_err(), BodyError::NoMemory);
        drop(held);
    }

    #[tokio::test]
    async fn a_short_body_does_not_wait_behind_long_ones() {
        let budget = BodyBudget::new(2 * MAX_BODY);
        let long = || ReqBody::Once(bytes::Bytes::from(vec![b' '; 7 << 20]));
        let held = [
            Body::read(&budget, long(), None, soon()).await.unwrap(),
            Body::read(&budget, long(), None, soon()).await.unwrap(),
        ];
        let at_once = Some(Instant::now() + Duration::from_millis(100));
        let another = Body::read(&budget, long(), None, at_once).await;
        assert_eq!(another.unwrap_err(), BodyError::NoMemory);
        let short = ReqBody::Once(bytes::Bytes::from(vec![b' '; SHORT]));
        let short = Body::read(&budget, short, Some(SHORT as u64), at_once).await;
        assert!(short.is_ok());
        drop(held);
    }
}

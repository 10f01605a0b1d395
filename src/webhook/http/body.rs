//! The body of a request, read within what all bodies together may hold.
//!
//! A body is paid for as it arrives, so that a client which announces much and sends little holds little. Where
//! all is spent, one body at a time may go on at the expense of a reserve which is large enough for any: so
//! some body always gets on, however many began together. Short bodies, which nearly all are, have a share to
//! themselves, so that long ones never hold them up.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use http_body_util::BodyExt as _;
use salvo::http::ReqBody;
use tokio::sync::{Mutex, MutexGuard, Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

/// The longest body, in bytes. An object is a few MiB at most, and an update has it twice.
pub(crate) const MAX_BODY: usize = 8 << 20;

/// The longest body that the share for short ones pays for, in bytes.
const SHORT: usize = 256 << 10;
/// How long a client may leave off in the middle of a body, and how long it may be waited for in all.
const GAP: Duration = Duration::from_secs(10);
const WAITING: Duration = Duration::from_secs(30);

/// What all bodies together may hold; a permit a byte.
#[derive(Debug)]
pub(crate) struct BodyBudget {
    short: Semaphore,
    shared: Semaphore,
    reserve: Mutex<()>,
}

/// A body, and what it has been paid for with.
#[derive(Debug)]
pub(crate) struct Body<'b> {
    budget: &'b BodyBudget,
    bytes: bytes::Bytes,
    is_short: bool,
    paid_as_short: Option<SemaphorePermit<'b>>,
    paid: Option<SemaphorePermit<'b>>,
    reserve: Option<MutexGuard<'b, ()>>,
}

/// Why there is no body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// It is longer than [`MAX_BODY`].
    TooLong,
    /// It did not arrive in time.
    TooSlow,
    /// Its turn did not come in time.
    NoTurn,
    /// The connection broke.
    Broken,
}

impl BodyBudget {
    /// A budget of so many bytes, of which [`MAX_BODY`] are the reserve.
    pub(crate) fn new(bytes: usize) -> Self {
        let bytes = bytes.saturating_sub(MAX_BODY).min(Semaphore::MAX_PERMITS);
        let short = bytes / 8;
        Self {
            short: Semaphore::new(short),
            shared: Semaphore::new(bytes - short),
            reserve: Mutex::new(()),
        }
    }

    /// Reads a body, waiting for its turn where too much is in memory already; where there is a deadline, until
    /// then.
    pub(crate) async fn read(
        &self,
        body: ReqBody,
        length: Option<u64>,
        deadline: Option<Instant>,
    ) -> Result<Body<'_>, BodyError> {
        let waits = AtomicBool::new(false);
        let mut read = pin!(self.collect(body, length, &waits));
        // Nearly always all of it is there with the head of the request, and no clock is needed.
        if let Some(body) = poll_once(read.as_mut()).await {
            return body;
        }
        let Some(deadline) = deadline else {
            return read.await;
        };
        timeout_at(deadline, read).await.unwrap_or_else(|_| {
            Err(if waits.load(Ordering::Relaxed) {
                BodyError::NoTurn
            } else {
                BodyError::TooSlow
            })
        })
    }

    async fn collect(
        &self,
        mut body: ReqBody,
        length: Option<u64>,
        waits: &AtomicBool,
    ) -> Result<Body<'_>, BodyError> {
        let length = length.map(|length| usize::try_from(length).unwrap_or(usize::MAX));
        if length.is_some_and(|length| length > MAX_BODY) {
            drain(body).await;
            return Err(BodyError::TooLong);
        }
        let mut whole = Body {
            budget: self,
            bytes: bytes::Bytes::new(),
            is_short: length.is_some_and(|length| length <= SHORT),
            paid_as_short: None,
            paid: None,
            reserve: None,
        };
        let mut parts = Parts::default();
        let mut read = 0;
        let mut waiting = WAITING;
        loop {
            // Only the client's own time counts, not the time that it waits for its turn.
            let frame = match poll_once(pin!(body.frame())).await {
                Some(frame) => frame,
                None => {
                    let asked = Instant::now();
                    let frame = timeout_at(asked + waiting.min(GAP), body.frame()).await;
                    waiting = waiting.saturating_sub(asked.elapsed());
                    frame.map_err(|_| BodyError::TooSlow)?
                }
            };
            let Some(frame) = frame else { break };
            let Ok(data) = frame.map_err(|_| BodyError::Broken)?.into_data() else {
                continue;
            };
            read += data.len();
            if read > MAX_BODY {
                drain(body).await;
                return Err(BodyError::TooLong);
            }
            whole.pay(data.len(), waits).await;
            if Some(data.len()) == length {
                // Nearly always: then nothing is copied.
                whole.bytes = data;
                return Ok(whole);
            }
            parts.push(data);
            if Some(read) == length {
                break;
            }
        }
        // Only now, when it is soon over, is there one piece of memory as long as the body. To set it aside while
        // most of the body is still to come would keep it from others who have their turn before.
        whole.bytes = parts.concat();
        Ok(whole)
    }
}

/// The pieces of a body. Small ones are put together: each takes some memory besides its bytes, which nobody
/// pays for.
#[derive(Default)]
struct Parts {
    done: Vec<bytes::Bytes>,
    small: Vec<u8>,
}

impl Parts {
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
async fn drain(mut body: ReqBody) {
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

impl Body<'_> {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Pays for so many bytes, as soon as there is something to pay with; until then, it says that it waits.
    async fn pay(&mut self, bytes: usize, waits: &AtomicBool) {
        if self.reserve.is_some() {
            // The reserve pays for whatever is still to come.
            return;
        }
        let count = u32::try_from(bytes).unwrap_or(u32::MAX);
        if self.is_short
            && let Ok(permit) = self.budget.short.try_acquire_many(count)
        {
            merge(&mut self.paid_as_short, permit);
            return;
        }
        if let Ok(permit) = self.budget.shared.try_acquire_many(count) {
            merge(&mut self.paid, permit);
            return;
        }
        waits.store(true, Ordering::Relaxed);
        tokio::select! {
            // It is never closed.
            Ok(permit) = self.budget.shared.acquire_many(count) => merge(&mut self.paid, permit),
            reserve = self.budget.reserve.lock() => self.reserve = Some(reserve),
        }
        waits.store(false, Ordering::Relaxed);
    }
}

fn merge<'b>(paid: &mut Option<SemaphorePermit<'b>>, permit: SemaphorePermit<'b>) {
    match paid {
        Some(paid) => paid.merge(permit),
        None => *paid = Some(permit),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;

    use super::*;

    fn soon() -> Option<Instant> {
        Some(Instant::now() + Duration::from_secs(30))
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
            .read(other, None, Some(Instant::now() + Duration::from_millis(20)))
            .await;
        assert_eq!(read.unwrap_err(), BodyError::NoTurn);
        drop(held);
    }

    #[tokio::test]
    async fn a_short_body_does_not_wait_behind_long_ones() {
        let budget = BodyBudget::new(2 * MAX_BODY);
        let long = || ReqBody::Once(bytes::Bytes::from(vec![b' '; 7 << 20]));
        let held = [
            budget.read(long(), None, soon()).await.unwrap(),
            budget.read(long(), None, soon()).await.unwrap(),
        ];
        let at_once = Some(Instant::now() + Duration::from_millis(100));
        let another = budget.read(long(), None, at_once).await;
        assert_eq!(another.unwrap_err(), BodyError::NoTurn);
        let short = ReqBody::Once(bytes::Bytes::from(vec![b' '; SHORT]));
        let short = budget.read(short, Some(SHORT as u64), at_once).await;
        assert!(short.is_ok());
        drop(held);
    }
}

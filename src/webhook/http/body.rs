//! Bodies of requests: how they are read, within the budget and in time.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use http_body_util::BodyExt as _;
use salvo::http::header::{CONTENT_LENGTH, EXPECT, HeaderName};
use salvo::http::{HeaderMap, ReqBody};
use tokio::time::{Instant, timeout_at};

use super::answer::Answer;
use super::budget::{BodyBudget, BodyCharge, MAX_BODY};
use crate::webhook::candidate::AnsweredReview;

/// Maximum pause of a client in the middle of a body.
const GAP_TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum time that the webhook waits for a client, over the whole body. An API server waits at most this long for an
/// answer.
const WAIT_TIMEOUT: Duration = Duration::from_secs(30);

/// The announcement of a body, in the head of its request.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AnnouncedBody {
    /// The length in bytes, if it is known.
    pub(crate) length: Option<u64>,
    /// True if the client sends the body only after an interim answer (`Expect: 100-continue`).
    pub(crate) waits: bool,
}

impl AnnouncedBody {
    /// Returns what the head of a request says.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let text = |name: HeaderName| headers.get(name)?.to_str().ok();
        Self {
            length: text(CONTENT_LENGTH).and_then(|length| length.parse().ok()),
            waits: text(EXPECT).is_some_and(|expected| expected.eq_ignore_ascii_case("100-continue")),
        }
    }
}

/// A body, with its charge on the budget.
#[derive(Debug)]
pub(crate) struct Body {
    parts: BodyParts,
    charge: BodyCharge,
}

/// The reason why a body was not read.
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

impl Body {
    /// Reads a body before the deadline, if there is one. The body waits for memory while the budget has no room.
    pub(crate) async fn read(
        budget: &Arc<BodyBudget>,
        body: ReqBody,
        announced: AnnouncedBody,
        deadline: Option<Instant>,
    ) -> Result<Self, BodyError> {
        // Tells the two reasons of a timeout apart: a slow client, and a budget without room.
        let waits = AtomicBool::new(false);
        let mut read = pin!(Self::collect(budget, body, announced, &waits));
        // Almost always the body arrives together with the head of the request. Then no timer is needed.
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

    /// Returns its length in bytes.
    pub(crate) fn len(&self) -> usize {
        self.parts.small.len() + self.parts.done.iter().map(bytes::Bytes::len).sum::<usize>()
    }

    /// Returns its bytes as one text.
    pub(crate) fn as_bytes(&mut self) -> &[u8] {
        if self.parts.done.len() != 1 || !self.parts.small.is_empty() {
            let joined = std::mem::take(&mut self.parts).concat();
            self.parts.done.push(joined);
        }
        self.parts.done.first().map_or(&[], |joined| joined)
    }

    /// Takes its parts for another thread. They are charged for as long as the body lives.
    pub(crate) fn take_parts(&mut self) -> BodyParts {
        std::mem::take(&mut self.parts)
    }

    /// Charges the longest answer that it can have, once no other answer overdraws the budget.
    pub(crate) async fn expect_answer(&mut self) {
        self.charge.expect_answer().await;
    }

    /// Frees the body, and returns its answer with the charge. The candidate may evaluate the review afterwards.
    pub(crate) fn into_answer(self, answer: Vec<u8>, review: Option<AnsweredReview>) -> Answer {
        let Self { parts, mut charge } = self;
        drop(parts);
        charge.change_to_answer(answer.len());
        Answer::new(answer, charge, review)
    }

    async fn collect(
        budget: &Arc<BodyBudget>,
        mut body: ReqBody,
        announced: AnnouncedBody,
        waits: &AtomicBool,
    ) -> Result<Self, BodyError> {
        let length = announced
            .length
            .map(|length| usize::try_from(length).unwrap_or(usize::MAX));
        // Checked before the first byte, so that a client that announces too much costs nothing.
        if length.is_some_and(|length| length > MAX_BODY) {
            // Reading any of it would tell a client that waits to send it.
            if !announced.waits {
                discard(body).await;
            }
            return Err(BodyError::TooLong);
        }
        let mut charge = BodyCharge::new(budget, length);
        let mut parts = BodyParts::default();
        let mut read = 0;
        let mut remaining = WAIT_TIMEOUT;
        loop {
            // Only time that the client takes counts, not time for which its body waits for memory.
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
                // Trailers have no data.
                continue;
            };
            read += data.len();
            // The announced length may be missing or wrong, so the limit counts the bytes that arrive.
            if read > MAX_BODY {
                discard(body).await;
                return Err(BodyError::TooLong);
            }
            charge.add(data.len(), waits).await;
            if Some(data.len()) == length {
                // Almost always the body is one frame. Then nothing is copied.
                parts.done.push(data);
                break;
            }
            parts.push(data);
            if Some(read) == length {
                break;
            }
        }
        // The buffer for the whole body is allocated later, for the short time of the review. If it were allocated while a
        // slow client still sends, or while a large review waits, it would keep memory from others.
        Ok(Self { parts, charge })
    }
}

/// The parts of a body. Small parts are joined, because each part has an overhead that is not charged on the budget.
#[derive(Debug, Default)]
pub(crate) struct BodyParts {
    done: Vec<bytes::Bytes>,
    small: Vec<u8>,
}

impl BodyParts {
    fn push(&mut self, data: bytes::Bytes) {
        /// Shortest part that is not joined with others, in bytes.
        const LARGE: usize = 4 << 10;
        if data.len() < LARGE {
            self.small.extend_from_slice(&data);
        }
        if data.len() >= LARGE || self.small.len() >= 16 * LARGE {
            if !self.small.is_empty() {
                self.done.push(std::mem::take(&mut self.small).into());
            }
            // Large parts are kept as they arrived, because copying them would double their memory.
            if data.len() >= LARGE {
                self.done.push(data);
            }
        }
    }

    /// Joins the parts.
    pub(crate) fn concat(mut self) -> bytes::Bytes {
        if !self.small.is_empty() {
            self.done.push(self.small.into());
        }
        match <[bytes::Bytes; 1]>::try_from(self.done) {
            Ok([only]) => only,
            Err(parts) => parts.concat().into(),
        }
    }
}

/// Polls a future once, and returns its output if it is ready.
async fn poll_once<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// Reads and drops the rest of a body, for two seconds at most.
///
/// If a connection is closed while it has unread data, the kernel resets it, and the client may lose the answer.
pub(crate) async fn discard(mut body: ReqBody) {
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
    use std::sync::atomic::AtomicUsize;

    use super::super::budget::SHORT;
    use super::*;

    fn of_length(length: u64) -> AnnouncedBody {
        AnnouncedBody {
            length: Some(length),
            waits: false,
        }
    }

    fn soon() -> Option<Instant> {
        Some(Instant::now() + Duration::from_secs(30))
    }

    #[tokio::test]
    async fn body_in_one_frame_is_not_copied() {
        let sent = bytes::Bytes::from_static(b"review");
        let budget = Arc::new(BodyBudget::new(64 << 20));
        let mut body = Body::read(&budget, ReqBody::Once(sent.clone()), of_length(6), soon())
            .await
            .unwrap();
        assert_eq!(body.as_bytes().as_ptr(), sent.as_ptr());
    }

    #[tokio::test]
    async fn too_long_body_is_rejected_with_and_without_a_length() {
        let budget = Arc::new(BodyBudget::new(64 << 20));
        let long = bytes::Bytes::from(vec![b' '; MAX_BODY + 1]);
        for length in [
            of_length(u64::try_from(long.len()).unwrap()),
            AnnouncedBody::default(),
        ] {
            let read = Body::read(&budget, ReqBody::Once(long.clone()), length, soon()).await;
            assert_eq!(read.unwrap_err(), BodyError::TooLong);
        }
        let longest = bytes::Bytes::from(vec![b' '; MAX_BODY]);
        assert!(
            Body::read(&budget, ReqBody::Once(longest), AnnouncedBody::default(), soon())
                .await
                .is_ok()
        );
    }

    #[tokio::test]
    async fn bodies_over_the_budget_are_all_read_one_after_another() {
        // The budget has room for the reserve and half a body, and 20 bodies are read.
        let budget = Arc::new(BodyBudget::new(MAX_BODY + MAX_BODY / 2));
        let held = Arc::new(AtomicUsize::new(0));
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let (budget, held) = (Arc::clone(&budget), Arc::clone(&held));
            tasks.spawn(async move {
                let body = ReqBody::Once(bytes::Bytes::from(vec![b' '; MAX_BODY]));
                let body = Body::read(&budget, body, AnnouncedBody::default(), soon())
                    .await
                    .unwrap();
                let now = held.fetch_add(body.len(), Ordering::SeqCst) + body.len();
                assert!(now <= MAX_BODY + MAX_BODY / 2, "{now} bytes at one time");
                tokio::task::yield_now().await;
                held.fetch_sub(body.len(), Ordering::SeqCst);
            });
        }
        while let Some(task) = tasks.join_next().await {
            task.unwrap();
        }
    }

    #[tokio::test]
    async fn body_without_memory_before_the_deadline_fails() {
        let budget = Arc::new(BodyBudget::new(MAX_BODY));
        let one = ReqBody::Once(bytes::Bytes::from_static(b"1"));
        let held = Body::read(&budget, one, AnnouncedBody::default(), soon())
            .await
            .unwrap();
        let other = ReqBody::Once(bytes::Bytes::from_static(b"2"));
        let read = Body::read(
            &budget,
            other,
            AnnouncedBody::default(),
            Some(Instant::now() + Duration::from_millis(20)),
        )
        .await;
        assert_eq!(read.unwrap_err(), BodyError::NoMemory);
        drop(held);
    }

    #[tokio::test]
    async fn short_body_does_not_wait_for_long_bodies() {
        let budget = Arc::new(BodyBudget::new(2 * MAX_BODY));
        let long = || ReqBody::Once(bytes::Bytes::from(vec![b' '; 7 << 20]));
        let held = [
            Body::read(&budget, long(), AnnouncedBody::default(), soon())
                .await
                .unwrap(),
            Body::read(&budget, long(), AnnouncedBody::default(), soon())
                .await
                .unwrap(),
        ];
        let at_once = Some(Instant::now() + Duration::from_millis(100));
        let another = Body::read(&budget, long(), AnnouncedBody::default(), at_once).await;
        assert_eq!(another.unwrap_err(), BodyError::NoMemory);
        let short = ReqBody::Once(bytes::Bytes::from(vec![b' '; SHORT]));
        let short = Body::read(&budget, short, of_length(SHORT as u64), at_once).await;
        assert!(short.is_ok());
        drop(held);
    }
}

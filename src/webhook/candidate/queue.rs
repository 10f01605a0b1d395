//! Reviews that wait for the candidate, bounded in number and in bytes.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Weak};

use super::counters::SharedCounter;
use crate::webhook::reload::LoadedRules;

/// Maximum number of reviews that wait.
const MAX_REVIEWS: usize = 2_000;
/// Maximum length of their bodies together, in bytes: there is room for any body, and for a thousand usual ones.
const MAX_BYTES: usize = 8 << 20;

/// The queue.
#[derive(Debug)]
pub(super) struct ReviewQueue {
    waiting: SyncSender<WaitingReview>,
    used: Arc<AtomicUsize>,
    /// Reviews that the candidate did not evaluate.
    dropped: SharedCounter,
}

/// A review that is answered. Dropping it puts it into the queue, so it belongs to its answer until that is written.
pub(crate) struct AnsweredReview {
    review: Option<WaitingReview>,
    queue: Arc<ReviewQueue>,
}

/// A review in the queue.
#[derive(Debug)]
pub(super) struct WaitingReview {
    pub(super) body: Box<[u8]>,
    /// Entry of the webhook configuration that called.
    pub(super) entry: Option<Box<str>>,
    /// The set that answered it. The queue must not keep a large set in memory after a reload.
    pub(super) answered_by: Weak<LoadedRules>,
    _room: UsedRoom,
}

/// Bytes of the queue that a review uses until it is dropped.
#[derive(Debug)]
struct UsedRoom {
    bytes: usize,
    used: Arc<AtomicUsize>,
}

impl ReviewQueue {
    pub(super) fn new() -> (Arc<Self>, Receiver<WaitingReview>) {
        let (waiting, reviews) = sync_channel(MAX_REVIEWS);
        let queue = Self {
            waiting,
            used: Arc::default(),
            dropped: SharedCounter::default(),
        };
        (Arc::new(queue), reviews)
    }

    /// Takes a copy of a review, which enters the queue once its answer is written. A review without room is dropped.
    pub(super) fn admit(
        self: &Arc<Self>,
        body: &[u8],
        entry: Option<&str>,
        answered_by: &Arc<LoadedRules>,
    ) -> Option<AnsweredReview> {
        let Some(room) = self.room(body.len() + entry.map_or(0, str::len)) else {
            self.dropped.add(1);
            return None;
        };
        let review = WaitingReview {
            body: body.into(),
            entry: entry.map(Into::into),
            answered_by: Arc::downgrade(answered_by),
            _room: room,
        };
        Some(AnsweredReview {
            review: Some(review),
            queue: Arc::clone(self),
        })
    }

    /// Counts a review that left the queue and could not be evaluated.
    pub(super) fn drop_one(&self) {
        self.dropped.add(1);
    }

    /// Returns the number of reviews that were dropped.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.value()
    }

    fn room(&self, bytes: usize) -> Option<UsedRoom> {
        let add = |used: usize| Some(used + bytes).filter(|used| *used <= MAX_BYTES);
        self.used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, add)
            .ok()?;
        Some(UsedRoom {
            bytes,
            used: Arc::clone(&self.used),
        })
    }
}

impl Drop for AnsweredReview {
    fn drop(&mut self) {
        let Some(review) = self.review.take() else {
            return;
        };
        match self.queue.waiting.try_send(review) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => self.queue.dropped.add(1),
        }
    }
}

impl Drop for UsedRoom {
    fn drop(&mut self) {
        self.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

// A body may hold secrets of a user.
impl fmt::Debug for AnsweredReview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnsweredReview").finish_non_exhaustive()
    }
}

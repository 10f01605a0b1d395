//! The order in which connections are closed.

use std::sync::atomic::{AtomicU64, Ordering};

use imageswap_engine::label;

use super::state::{Phase, State};

/// Kinds of connections, in the order in which they are closed for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// The client has never sent a request.
    Unused,
    /// The connection is idle, and had no review.
    Idle,
    /// The connection is in the middle of a head or a body.
    Receiving,
    /// The connection is idle, and had a review. A client that sends a review while its connection is closed does not
    /// send it again, so the creation of a Pod fails.
    Reviewed,
    /// The client does not read an answer.
    Unread,
    /// A request waits until others are evaluated.
    Queued,
}

label!(Rank {
    Unused => "never sent a request",
    Idle => "idle",
    Receiving => "sends a request",
    Reviewed => "idle after a review",
    Unread => "does not read an answer",
    Queued => "waits for its evaluation",
});

/// A rank, and the time since which the connection has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct QueuePlace {
    pub(super) rank: Rank,
    /// Microseconds since the start of the port.
    pub(super) since: u64,
}

impl QueuePlace {
    /// Returns the place of a connection. `None` if it must not be closed. `was_reviewed` is true if it had a review.
    pub(super) const fn of(state: State, was_reviewed: bool) -> Option<Self> {
        let rank = match state.phase {
            Phase::Handshake | Phase::Hello | Phase::Unused => Rank::Unused,
            Phase::Idle => Rank::of_idle(was_reviewed),
            Phase::PartOfHead | Phase::PartOfBody => Rank::Receiving,
            Phase::Unread => Rank::Unread,
            Phase::Queued => Rank::Queued,
            // The request may be complete: its task is about to look.
            Phase::Head | Phase::Body => return None,
            Phase::Answer | Phase::Closed => return None,
        };
        Some(Self {
            rank,
            since: state.since,
        })
    }
}

impl Rank {
    /// Returns the rank of an idle connection.
    pub(super) const fn of_idle(was_reviewed: bool) -> Self {
        if was_reviewed { Self::Reviewed } else { Self::Idle }
    }
}

/// A [`QueuePlace`] that only its queue writes, under a lock, and that the task of the connection reads without it.
#[derive(Debug)]
pub(super) struct PlaceWord(AtomicU64);

impl PlaceWord {
    pub(super) fn new(place: QueuePlace) -> Self {
        Self(AtomicU64::new(pack(place)))
    }

    pub(super) fn load(&self) -> QueuePlace {
        unpack(self.0.load(Ordering::Acquire))
    }

    pub(super) fn store(&self, place: QueuePlace) {
        self.0.store(pack(place), Ordering::Release);
    }
}

/// Bits of the rank.
const RANK_BITS: u32 = 3;

const fn pack(QueuePlace { rank, since }: QueuePlace) -> u64 {
    since << RANK_BITS | rank as u64
}

const fn unpack(word: u64) -> QueuePlace {
    QueuePlace {
        rank: Rank::ALL[(word & ((1 << RANK_BITS) - 1)) as usize],
        since: word >> RANK_BITS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn word_has_rank_and_time() {
        for rank in Rank::ALL {
            let place = QueuePlace { rank, since: 1 << 50 };
            assert_eq!(PlaceWord::new(place).load(), place);
        }
    }

    #[test]
    fn connection_with_an_answer_has_no_place() {
        let place = |phase, was_reviewed| QueuePlace::of(State { phase, since: 7 }, was_reviewed);
        assert_eq!(place(Phase::Answer, true), None);
        assert_eq!(place(Phase::Idle, true).unwrap().rank, Rank::Reviewed);
        assert_eq!(place(Phase::Idle, false).unwrap().rank, Rank::Idle);
        assert!(place(Phase::PartOfBody, true) < place(Phase::Idle, true));
        assert!(place(Phase::Handshake, false) < place(Phase::Idle, false));
    }
}

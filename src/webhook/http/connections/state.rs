//! The state of a connection, in one atomic word.

use std::sync::atomic::{AtomicU64, Ordering};

/// The phase of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The client has not begun its TLS handshake.
    Handshake,
    /// The client has begun its TLS handshake.
    Hello,
    /// The client has not sent a byte of a request.
    Unused,
    /// Every request was answered.
    Idle,
    /// The head of a request is read.
    Head,
    /// The rest of a head is missing.
    PartOfHead,
    /// The body of a request is read.
    Body,
    /// The rest of a body is missing, or the memory for it.
    PartOfBody,
    /// A request is evaluated, or its answer is written.
    Answer,
    /// A request waits until others are evaluated.
    Queued,
    /// The client does not read an answer.
    Unread,
    /// Another client has got the place of this connection, or it was idle for too long.
    Closed,
}

impl Phase {
    /// Returns true if the task of the connection reads all that the client sends at once.
    pub(super) const fn reads_at_once(self) -> bool {
        matches!(
            self,
            Self::Handshake | Self::Hello | Self::Unused | Self::Idle | Self::PartOfHead
        )
    }
}

/// A phase, with the time at which it began. For a head or a body it is the time at which the request began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
    pub(super) phase: Phase,
    /// Microseconds since the start of the port.
    pub(super) since: u64,
}

/// A [`State`] that its connection changes, and that others close.
#[derive(Debug)]
pub(super) struct StateWord(AtomicU64);

/// The connection was closed by another task.
#[derive(Debug)]
pub(super) struct Closed;

impl StateWord {
    pub(super) fn new(state: State) -> Self {
        Self(AtomicU64::new(pack(state)))
    }

    pub(super) fn load(&self) -> State {
        unpack(self.0.load(Ordering::Acquire))
    }

    /// Changes the state from `from`, which the task of the connection has loaded.
    pub(super) fn change(&self, from: State, to: State) -> Result<(), Closed> {
        if from.phase == Phase::Closed {
            return Err(Closed);
        }
        let changed = self
            .0
            .compare_exchange(pack(from), pack(to), Ordering::AcqRel, Ordering::Relaxed);
        // Only the task of the connection changes the state, so the other state is always `Closed`.
        changed.map(drop).map_err(|_| Closed)
    }

    /// Closes the connection. Returns false if it has left the state `from`.
    pub(super) fn close(&self, from: State) -> bool {
        let closed = State {
            phase: Phase::Closed,
            since: from.since,
        };
        self.change(from, closed).is_ok()
    }
}

/// Bits of the phase.
const PHASE_BITS: u32 = 4;

const fn pack(State { phase, since }: State) -> u64 {
    since << PHASE_BITS | phase as u64
}

const fn unpack(word: u64) -> State {
    const PHASES: [Phase; 1 << PHASE_BITS] = [
        Phase::Handshake,
        Phase::Hello,
        Phase::Unused,
        Phase::Idle,
        Phase::Head,
        Phase::PartOfHead,
        Phase::Body,
        Phase::PartOfBody,
        Phase::Answer,
        Phase::Queued,
        Phase::Unread,
        Phase::Closed,
        // No state has these.
        Phase::Closed,
        Phase::Closed,
        Phase::Closed,
        Phase::Closed,
    ];
    State {
        phase: PHASES[(word & ((1 << PHASE_BITS) - 1)) as usize],
        since: word >> PHASE_BITS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn word_has_phase_and_time() {
        for phase in [Phase::Handshake, Phase::PartOfBody, Phase::Unread, Phase::Closed] {
            let state = State {
                phase,
                since: 1 << 50,
            };
            assert_eq!(StateWord::new(state).load(), state);
        }
    }

    #[test]
    fn closed_connection_changes_no_more() {
        let idle = State {
            phase: Phase::Idle,
            since: 7,
        };
        let head = State {
            phase: Phase::Head,
            since: 8,
        };
        let word = StateWord::new(idle);
        word.change(idle, head).unwrap();
        assert!(!word.close(idle));
        assert!(word.close(head));
        assert!(word.change(head, idle).is_err());
        assert_eq!(word.load().phase, Phase::Closed);
    }
}

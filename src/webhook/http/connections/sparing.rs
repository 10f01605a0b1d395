//! New clients, which are spared when connections are closed for others.
//!
//! A client that has sent no request yet comes first in the order. So it would be closed for the next client while it
//! still shakes hands, although others are idle, and under a flood of new connections no client would get through.

use super::state::{Phase, State};

/// A second, in microseconds.
pub(super) const SECOND: u64 = 1_000_000;
/// Number of connections that are closed for others within a second, from which on it is a flood.
const FLOOD: u32 = 16;
/// Time that a client has to begin its handshake or its request, in microseconds. Without a flood, the next client waits
/// for it.
const YOUNG: u64 = 50_000;
/// Time for the rest of a handshake, in microseconds.
const HANDSHAKE: u64 = SECOND;

/// Connections that were closed for others, in the present second and in the one before.
#[derive(Debug, Default)]
pub(super) struct Closings {
    second: u64,
    present: u32,
    before: u32,
}

/// The rule for new clients at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sparing {
    now: u64,
    /// Under a flood, the number above which connections are spared: that of the newest half.
    newest: Option<u64>,
}

/// The answer for a connection that never had a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spared {
    /// It can be closed.
    No,
    /// The next one may be closed instead.
    Yes,
    /// So are those after it.
    Rest,
    /// Its first bytes may come in a moment.
    TooYoung,
}

impl Closings {
    /// Counts one.
    pub(super) const fn count(&mut self) {
        self.present += 1;
    }

    /// Returns the rule. The last of the `len` connections has the number `last_id`.
    pub(super) fn sparing(&mut self, now: u64, len: usize, last_id: u64) -> Sparing {
        let second = now / SECOND;
        if second != self.second {
            self.before = if second == self.second + 1 {
                self.present
            } else {
                0
            };
            self.present = 0;
            self.second = second;
        }
        let is_flood = self.before.max(self.present) >= FLOOD;
        Sparing {
            now,
            newest: is_flood.then_some(last_id.saturating_sub(len as u64 / 2)),
        }
    }
}

impl Sparing {
    /// Returns the rule that spares no client.
    pub(super) const NONE: Self = Self {
        now: u64::MAX,
        newest: Some(u64::MAX),
    };

    /// Applies the rule to a connection that never had a request.
    pub(super) fn of(self, id: u64, state: State) -> Spared {
        let age = self.now.saturating_sub(state.since);
        match self.newest {
            Some(newest) if id > newest => Spared::Rest,
            _ if state.phase == Phase::Hello && age < HANDSHAKE => Spared::Yes,
            None if age < YOUNG => Spared::TooYoung,
            _ => Spared::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1000 * SECOND;

    fn of(sparing: Sparing, id: u64, phase: Phase, age: u64) -> Spared {
        let since = NOW - age;
        sparing.of(id, State { phase, since })
    }

    #[test]
    fn client_that_shakes_hands_is_spared_for_a_second() {
        let sparing = Closings::default().sparing(NOW, 10, 10);
        assert_eq!(of(sparing, 1, Phase::Hello, SECOND - 1), Spared::Yes);
        assert_eq!(of(sparing, 1, Phase::Hello, SECOND), Spared::No);
        assert_eq!(of(sparing, 1, Phase::Handshake, YOUNG - 1), Spared::TooYoung);
        assert_eq!(of(sparing, 10, Phase::Handshake, YOUNG), Spared::No);
        assert_eq!(of(sparing, 10, Phase::Unused, YOUNG), Spared::No);
        assert_eq!(of(Sparing::NONE, 10, Phase::Hello, 0), Spared::No);
    }

    #[test]
    fn newest_half_is_spared_under_a_flood() {
        let mut closings = Closings::default();
        closings.sparing(NOW - SECOND, 10, 10);
        (0..FLOOD).for_each(|_| closings.count());
        // The flood lasts until the end of the next second.
        for at in [NOW - 1, NOW, NOW + SECOND - 1] {
            let sparing = closings.sparing(at, 10, 100);
            assert_eq!(of(sparing, 96, Phase::Unused, SECOND), Spared::Rest, "{at}");
            assert_eq!(of(sparing, 95, Phase::Unused, 0), Spared::No);
        }
        let sparing = closings.sparing(NOW + SECOND, 10, 100);
        assert_eq!(of(sparing, 96, Phase::Unused, SECOND), Spared::No);
    }
}

//! The time at which certificates are issued.

use time::{Duration, OffsetDateTime};

/// Maximum difference of the clocks that certificates allow for. A clock that has never been set is years off.
const MAX_DIFFERENCE: Duration = Duration::days(365);

/// The time by both clocks: that of the API server, which decides, and that of this machine.
///
/// A cluster may have several API servers. If the clock of one is wrong, a certificate that is issued by it must still
/// be valid for the others. So certificates begin by the clock that is behind, and end by the one that is ahead.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    server: OffsetDateTime,
    local: OffsetDateTime,
}

impl Moment {
    /// Returns the time by both clocks.
    pub(super) fn new(server: OffsetDateTime, local: OffsetDateTime) -> Self {
        let before = server.saturating_sub(MAX_DIFFERENCE);
        let local = local.clamp(before, server.saturating_add(MAX_DIFFERENCE));
        Self { server, local }
    }

    /// Returns the time by which everything is decided.
    pub(super) fn now(self) -> OffsetDateTime {
        self.server
    }

    /// Returns the time by the clock that is behind.
    pub(super) fn earliest(self) -> OffsetDateTime {
        self.server.min(self.local)
    }

    /// Returns the time by the clock that is ahead.
    pub(super) fn latest(self) -> OffsetDateTime {
        self.server.max(self.local)
    }
}

//! The parts that all modes with a Secret share.

use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::Instant;

use super::authority::{PemPair, ServiceHosts};
use super::moment::Moment;
use super::seen::{Knowledge, SeenTrust};
use crate::kubernetes::client::ObjectClient;
use crate::kubernetes::settings::ClusterSettings;
use crate::kubernetes::trust::Trust;
use crate::webhook::Handles;

/// Maximum time between two looks at the Secret.
pub(super) const TICK: Duration = Duration::from_secs(30);
/// Time in which the webhook configurations are read, or it turns out that they cannot be.
const READING: Duration = Duration::from_secs(10);

/// The parts that all modes with a Secret share.
pub(super) struct SecretContext<'a> {
    pub(super) client: &'a ObjectClient,
    pub(super) trust: &'a Trust,
    pub(super) webhook: &'a Handles,
    pub(super) hosts: ServiceHosts,
    pub(super) settings: &'a ClusterSettings,
    /// The time at which the task started.
    started: Instant,
}

/// The result of a look at the Secret.
pub(super) struct SecretLook {
    /// The problem that keeps the webhook from its duty.
    pub(super) problem: Option<String>,
    /// The time of the next look.
    pub(super) next: Instant,
}

impl<'a> SecretContext<'a> {
    pub(super) fn new(
        client: &'a ObjectClient,
        trust: &'a Trust,
        webhook: &'a Handles,
        settings: &'a ClusterSettings,
    ) -> Self {
        let names = client.names();
        Self {
            client,
            trust,
            webhook,
            hosts: ServiceHosts::new(&names.service, &names.namespace),
            settings,
            started: Instant::now(),
        }
    }

    /// Returns the trust of the API servers. `None` if nothing keeps `caBundle`.
    pub(super) fn seen(&self) -> Option<SeenTrust> {
        let given = self.trust.given().borrow().clone();
        let knowledge = match given.is_complete() {
            true => Knowledge::Complete,
            false if self.started.elapsed() < READING => Knowledge::Awaited,
            false => Knowledge::Incomplete,
        };
        self.settings
            .arms()
            .then(|| SeenTrust::new(&given, knowledge, Instant::now()))
    }

    /// Returns the time after `last` at which the trust changes without an event. `None` if it does not.
    pub(super) fn settles_after(&self, last: Instant, seen: &SeenTrust) -> Option<Instant> {
        match seen.knowledge {
            Knowledge::Awaited => Some(self.started + READING),
            Knowledge::Complete | Knowledge::Incomplete => seen.settles_at().filter(|time| *time > last),
        }
    }

    /// Returns the active pair.
    pub(super) fn active(&self) -> Option<PemPair> {
        let (chain, key) = self.webhook.pair.pem()?;
        Some(PemPair { chain, key })
    }

    /// Makes a pair active. Returns the problem if it is not valid.
    pub(super) fn offer(&self, pair: &PemPair) -> Option<String> {
        let offered = self.webhook.offer_pair(&pair.chain, &pair.key);
        offered.err().map(|error| error.to_string())
    }

    /// Returns the time by both clocks.
    pub(super) fn moment(&self) -> Moment {
        Moment::new(self.client.now(), OffsetDateTime::now_utc())
    }
}

impl SecretLook {
    /// Returns a look whose next one is after a time.
    pub(super) fn again_in(problem: Option<String>, time: Duration) -> Self {
        Self {
            problem,
            next: Instant::now() + time,
        }
    }
}

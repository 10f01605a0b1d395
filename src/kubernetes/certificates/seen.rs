//! The trust of the API servers at a time, as far as it is known.

use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::Instant;

use super::authority::ServiceHosts;
use super::certificate::{ReadCertificate, certificates};
use super::pair::UsablePair;
use crate::kubernetes::trust::{Armed, GivenTrust};

/// Time after which every API server has a change of a webhook configuration. Each watches them, which takes far less.
pub(super) const SETTLING: Duration = Duration::from_secs(10);

/// The knowledge about the webhook configurations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Knowledge {
    /// Both kinds have been read.
    Complete,
    /// They are being read.
    Awaited,
    /// One of them cannot be read.
    Incomplete,
}

/// The trust in a CA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trusted {
    /// All API servers that call the webhook trust it, or none calls.
    Yes,
    /// The webhook configurations have it, but some API servers may not have read them yet.
    Settling,
    /// Some webhook configuration does not have it.
    NotYet,
    /// All API servers trust it as far as the webhook configurations can be read.
    Unknown,
}

/// The trust of the API servers.
#[derive(Clone, Debug)]
pub(super) struct SeenTrust {
    pub(super) knowledge: Knowledge,
    bundles: Vec<SeenBundle>,
    /// The time of this view.
    now: Instant,
}

/// The CA certificates of an entry.
#[derive(Clone, Debug)]
struct SeenBundle {
    authorities: Vec<ReadCertificate>,
    /// The time at which every API server has them.
    settled_at: Instant,
}

impl SeenTrust {
    /// Returns the trust that the webhook configurations give at a time.
    pub(super) fn new(given: &GivenTrust, knowledge: Knowledge, now: Instant) -> Self {
        let of_armed = |armed: &Armed| {
            let since = armed.since;
            armed
                .bundles
                .iter()
                .map(move |text| (text.clone(), since))
                .collect::<Vec<_>>()
        };
        Self::of_bundles(given.all().flat_map(of_armed), knowledge, now)
    }

    /// Returns the trust that values of `caBundle` give, each since a time.
    pub(super) fn of_bundles(
        bundles: impl IntoIterator<Item = (String, Instant)>,
        knowledge: Knowledge,
        now: Instant,
    ) -> Self {
        let bundles = bundles.into_iter().map(|(text, since)| SeenBundle {
            authorities: certificates(&text),
            settled_at: since + SETTLING,
        });
        Self {
            knowledge,
            bundles: bundles.collect(),
            now,
        }
    }

    /// Returns the trust in a CA.
    pub(super) fn in_authority(&self, authority: &ReadCertificate) -> Trusted {
        let has_it = |bundle: &SeenBundle| bundle.authorities.contains(authority);
        match self.knowledge {
            Knowledge::Awaited => Trusted::NotYet,
            _ if !self.bundles.iter().all(has_it) => Trusted::NotYet,
            _ if !self.is_settled() => Trusted::Settling,
            Knowledge::Incomplete => Trusted::Unknown,
            Knowledge::Complete => Trusted::Yes,
        }
    }

    /// Returns true if all API servers that are known to call the webhook accept a pair.
    pub(super) fn accepts(&self, pair: &UsablePair, hosts: &ServiceHosts, now: OffsetDateTime) -> bool {
        self.bundles
            .iter()
            .all(|bundle| pair.is_accepted(&bundle.authorities, hosts, now))
    }

    /// Returns true if every API server has the webhook configurations as they were read.
    pub(super) fn is_settled(&self) -> bool {
        self.settles_at().is_none_or(|time| time <= self.now)
    }

    /// Returns the time at which every API server has the webhook configurations as they were read.
    pub(super) fn settles_at(&self) -> Option<Instant> {
        self.bundles.iter().map(|bundle| bundle.settled_at).max()
    }

    /// Returns the CA certificates that an API server may trust.
    pub(super) fn authorities(&self) -> impl Iterator<Item = &ReadCertificate> {
        self.bundles.iter().flat_map(|bundle| &bundle.authorities)
    }
}

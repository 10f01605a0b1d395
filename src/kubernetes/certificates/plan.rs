//! The next step of the mode self-managed: a pure function of the Secret, the time, the active pair, and the trust.
//!
//! Each step is one write, which the API server rejects if another replica was faster. So replicas that start at once
//! agree, and a replica that ends in the middle leaves a state from which each other continues.

use time::{Duration, OffsetDateTime};

use super::authority::{
    Authority, CA_LIFETIME, DATED_BACK, LEAF_LIFETIME, PemPair, RENEWAL_PART, ServiceHosts,
};
use super::certificate::{ReadCertificate, bundle, certificates};
use super::moment::Moment;
use super::pair::UsablePair;
use super::seen::{Knowledge, SeenTrust, Trusted};
use super::step::{LeafStep, SecretStep};
use super::stored::{SecretKey, StoredSecret};

/// Maximum number of former CAs, so that neither `ca.pem` nor `caBundle` grows without end.
const MAX_FORMER: usize = 8;
/// Part of the lifetime that is left when a leaf is renewed even if nothing is known about the trust in its new CA.
const URGENT_PART: i32 = 6;

/// Time after which each replica serves a leaf that another one has written. Each looks every 30 s.
const SPREAD: Duration = Duration::minutes(10);

/// The inputs of a plan.
pub(super) struct PlanInputs<'a> {
    pub(super) stored: &'a StoredSecret,
    /// The active pair of this replica.
    pub(super) active: Option<PemPair>,
    /// The CA certificates, in PEM, that this replica last found in the Secret.
    pub(super) remembered: Option<&'a str>,
    pub(super) seen: &'a SeenTrust,
    pub(super) hosts: &'a ServiceHosts,
    pub(super) moment: Moment,
}

/// The next step.
pub(super) struct SecretPlan {
    /// The change of the Secret.
    pub(super) write: Option<SecretStep>,
    /// The pair that becomes active.
    pub(super) serve: Option<PemPair>,
    /// The certificates, in PEM, that the webhook configurations must have.
    pub(super) want: Option<String>,
}

/// The pair of the Secret, by the CA that signed it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Signer {
    Current,
    Former,
    /// API servers would reject the pair, or there is none.
    Unusable,
}

/// The inputs of a plan, read.
struct PlanFacts<'a> {
    seen: &'a SeenTrust,
    hosts: &'a ServiceHosts,
    now: OffsetDateTime,
    /// The certificates of `ca.pem`.
    listed: Vec<ReadCertificate>,
    /// The pair of the Secret.
    pair: Option<UsablePair>,
    /// The active pair, if its dates and names are valid.
    active: Option<UsablePair>,
    /// The CAs that API servers may trust, besides those of the Secret.
    known: Vec<ReadCertificate>,
}

/// Returns the next step.
pub(super) fn plan(inputs: PlanInputs<'_>) -> SecretPlan {
    let PlanInputs {
        stored, seen, hosts, ..
    } = inputs;
    let now = inputs.moment.now();
    let listed = certificates(stored.get(SecretKey::Authorities).unwrap_or_default());
    let key = stored.get(SecretKey::AuthorityKey);
    let current = key.and_then(|key| Authority::find(key, &listed, now));
    let active = inputs.active.and_then(UsablePair::parse);
    let remembered = certificates(inputs.remembered.unwrap_or_default());
    let facts = PlanFacts {
        seen,
        hosts,
        now,
        pair: stored.pair().and_then(UsablePair::parse),
        active: active.filter(|pair| pair.is_for(hosts, now)),
        known: remembered
            .into_iter()
            .chain(seen.authorities().cloned())
            .collect(),
        listed,
    };
    match current {
        Some(current) if !facts.must_rotate(&current.certificate) => facts.plan_with(current),
        _ if seen.knowledge == Knowledge::Awaited => facts.plan_before_rotation(),
        _ => facts.plan_rotation(),
    }
}

impl PlanFacts<'_> {
    /// Returns true if a new CA must replace the current one.
    fn must_rotate(&self, current: &ReadCertificate) -> bool {
        let is_old = current.has_less_left(self.now, RENEWAL_PART, CA_LIFETIME)
            || current.not_after() - self.now < LEAF_LIFETIME;
        // One rotation after the other: the CA before must have signed the leaf.
        is_old
            && self.signer(Some(current), &self.listed) == Signer::Current
            && self.seen.in_authority(current) == Trusted::Yes
    }

    /// Returns the plan until it is known which CAs API servers trust.
    fn plan_before_rotation(self) -> SecretPlan {
        let is_accepted = |pair: &UsablePair| pair.is_accepted(&self.listed, self.hosts, self.now);
        let pair = self
            .pair
            .filter(|pair| self.active.is_none() && is_accepted(pair));
        SecretPlan {
            write: None,
            serve: pair.map(|pair| pair.pem),
            want: None,
        }
    }

    /// Returns the plan that makes a new CA. It lists all CAs that API servers may trust: a replica that still serves
    /// another pair must not be cut off.
    fn plan_rotation(self) -> SecretPlan {
        let all = self.listed.iter().chain(&self.known);
        let mut former = distinct(all.filter(|authority| authority.is_valid_at(self.now)));
        // Those that are in use come first, because the others are cut off.
        let is_used = |pair: &Option<UsablePair>, authority: &ReadCertificate| {
            pair.as_ref()
                .is_some_and(|pair| self.is_signed_by(pair, authority))
        };
        former.sort_by_key(|authority| (!is_used(&self.active, authority), !is_used(&self.pair, authority)));
        former.truncate(MAX_FORMER);
        let leaf = match self.active.as_ref() {
            _ if self.signer(None, &former) == Signer::Former => LeafStep::Keep,
            Some(active) if active.is_accepted(&former, self.hosts, self.now) => {
                LeafStep::WriteBack(active.pem.clone())
            }
            _ => LeafStep::Issue,
        };
        // Until the new CA is there, API servers keep what they have. Without this, a replica that has not seen the CA that
        // was lost would restore the one that it remembers, and cut off those that serve a later pair.
        let want = (!former.is_empty()).then(|| bundle(&former));
        SecretPlan {
            write: Some(SecretStep {
                authority: None,
                former: Some(former),
                leaf,
            }),
            serve: None,
            want,
        }
    }

    /// Returns the plan with a CA that stays.
    fn plan_with(self, current: Authority) -> SecretPlan {
        let others = self.listed.iter().filter(|other| **other != current.certificate);
        let others: Vec<ReadCertificate> = others.cloned().collect();
        let waits = self.waits_to_serve();
        if waits && let Some(former) = self.missing_former(&others) {
            return SecretPlan::of_write(SecretStep {
                authority: Some(current),
                former: Some(former),
                leaf: LeafStep::Keep,
            });
        }
        let is_usable = self.signer(Some(&current.certificate), &others) != Signer::Unusable;
        let want = bundle([&current.certificate].into_iter().chain(&others));
        let write = self.leaf_step(current, &others);
        SecretPlan {
            write,
            serve: self.pair.filter(|_| is_usable && !waits).map(|pair| pair.pem),
            want: Some(want),
        }
    }

    /// Returns true if API servers accept the active pair, but maybe not that of the Secret yet.
    fn waits_to_serve(&self) -> bool {
        let (Some(pair), Some(active)) = (&self.pair, &self.active) else {
            return false;
        };
        let is_rejected = |pair: &UsablePair| !self.seen.accepts(pair, self.hosts, self.now);
        pair.pem != active.pem
            && (is_rejected(pair) || !self.seen.is_settled())
            && !is_rejected(active)
            && self.seen.knowledge != Knowledge::Incomplete
    }

    /// Returns the former CAs with that of the active pair, if `ca.pem` has it no more: another Secret has replaced the
    /// one that the pair came from.
    fn missing_former(&self, others: &[ReadCertificate]) -> Option<Vec<ReadCertificate>> {
        let active = self.active.as_ref()?;
        if active.is_accepted(&self.listed, self.hosts, self.now) {
            return None;
        }
        let added = self
            .known
            .iter()
            .filter(|authority| self.is_signed_by(active, authority));
        let mut former = distinct(added.chain(others));
        former.truncate(MAX_FORMER);
        let is_new = former.iter().any(|authority| !others.contains(authority));
        is_new.then_some(former)
    }

    /// Returns the step that renews the leaf, or writes it back.
    fn leaf_step(&self, current: Authority, others: &[ReadCertificate]) -> Option<SecretStep> {
        let trusted = self.seen.in_authority(&current.certificate);
        let signer = self.signer(Some(&current.certificate), others);
        // The former CAs leave with the renewal of a leaf that the current CA has signed long ago.
        let no_former = (trusted == Trusted::Yes && !others.is_empty()).then(Vec::new);
        let is_spread = |pair: &UsablePair| {
            let is_old = pair.leaf().has_begun_before(self.now - DATED_BACK - SPREAD);
            is_old && self.is_signed_by(pair, &current.certificate)
        };
        let (former, leaf) = match (signer, trusted, &self.pair, &self.active) {
            (Signer::Current, _, Some(pair), _) if self.is_due(pair) => (no_former, LeafStep::Issue),
            (Signer::Former, Trusted::Yes, ..) => (None, LeafStep::Issue),
            (Signer::Former, Trusted::Unknown, Some(pair), _) if self.is_urgent(pair) => {
                (None, LeafStep::Issue)
            }
            (Signer::Current | Signer::Former, ..) => return None,
            (Signer::Unusable, Trusted::Yes, _, Some(active)) if is_spread(active) => {
                (no_former, LeafStep::Issue)
            }
            (Signer::Unusable, Trusted::NotYet | Trusted::Unknown, _, Some(active))
                if active.is_accepted(&self.listed, self.hosts, self.now) =>
            {
                (None, LeafStep::WriteBack(active.pem.clone()))
            }
            // It is a matter of seconds, and the active pair serves until then.
            (Signer::Unusable, Trusted::Settling, _, Some(_)) => return None,
            (Signer::Unusable, ..) => (None, LeafStep::Issue),
        };
        Some(SecretStep {
            authority: Some(current),
            former,
            leaf,
        })
    }

    fn signer(&self, current: Option<&ReadCertificate>, others: &[ReadCertificate]) -> Signer {
        match &self.pair {
            Some(pair) if current.is_some_and(|current| self.is_signed_by(pair, current)) => Signer::Current,
            Some(pair) if pair.is_accepted(others, self.hosts, self.now) => Signer::Former,
            _ => Signer::Unusable,
        }
    }

    fn is_signed_by(&self, pair: &UsablePair, authority: &ReadCertificate) -> bool {
        pair.is_accepted([authority], self.hosts, self.now)
    }

    fn is_due(&self, pair: &UsablePair) -> bool {
        let most = LEAF_LIFETIME / RENEWAL_PART;
        pair.leaf().has_less_left(self.now, RENEWAL_PART, most)
    }

    fn is_urgent(&self, pair: &UsablePair) -> bool {
        pair.leaf().has_less_left(self.now, URGENT_PART, LEAF_LIFETIME)
    }
}

/// Returns certificates, each once.
fn distinct<'a>(certificates: impl Iterator<Item = &'a ReadCertificate>) -> Vec<ReadCertificate> {
    let mut distinct: Vec<ReadCertificate> = Vec::new();
    for certificate in certificates {
        if !distinct.contains(certificate) {
            distinct.push(certificate.clone());
        }
    }
    distinct
}

impl SecretPlan {
    /// Returns the plan of a write that comes before anything else is done.
    fn of_write(step: SecretStep) -> Self {
        Self {
            write: Some(step),
            serve: None,
            want: None,
        }
    }
}

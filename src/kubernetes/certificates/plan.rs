//! The next step of the mode self-managed: a pure function of the Secret, the time, the active pair, and the trust.
//!
//! Each step is one write, which the API server rejects if another replica was faster. So replicas that start at once
//! agree, and a replica that ends in the middle leaves a state from which each other continues.

use super::authority::{Authority, CA_LIFETIME, LEAF_LIFETIME, PemPair, RENEWAL_PART, ServiceHosts};
use super::certificate::{ReadCertificate, bundle, certificates};
use super::moment::Moment;
use super::pair::UsablePair;
use super::seen::{Knowledge, SeenTrust, Trusted};
use super::stored::{SecretChanges, SecretKey, StoredSecret};

/// Maximum number of former CAs, so that neither `ca.pem` nor `caBundle` grows without end.
const MAX_FORMER: usize = 8;
/// Part of the lifetime that is left when a leaf is renewed even if nothing is known about the trust in its new CA.
const URGENT_PART: i32 = 6;

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

/// A change of the Secret.
pub(super) struct SecretStep {
    /// The current CA. `None` if the step makes a new one.
    authority: Option<Authority>,
    /// The former CAs, if `ca.pem` changes.
    former: Option<Vec<ReadCertificate>>,
    leaf: LeafStep,
}

/// A change of the pair in the Secret.
enum LeafStep {
    Keep,
    /// The current CA signs a new one.
    Issue,
    /// The active pair of this replica.
    WriteBack(PemPair),
}

/// The pair of the Secret, by the CA that signed it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Signer {
    Current,
    Former,
    /// API servers would reject the pair, or there is none.
    Unusable,
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
    let active = active.filter(|pair| pair.is_for(hosts, now));
    let pair = stored.pair().and_then(UsablePair::parse);

    // Whatever API servers may trust: a replica that still serves another pair must not be cut off.
    let remembered = certificates(inputs.remembered.unwrap_or_default());
    let known: Vec<&ReadCertificate> = remembered.iter().chain(seen.authorities()).collect();
    let accepted_by =
        |pair: &UsablePair, authority: &ReadCertificate| pair.is_accepted([authority], hosts, now);
    let accepts_any = |pair: Option<&UsablePair>, authority: &ReadCertificate| {
        pair.is_some_and(|pair| accepted_by(pair, authority))
    };

    let signer = |authority: Option<&ReadCertificate>, others: &[ReadCertificate]| match &pair {
        Some(pair) if authority.is_some_and(|authority| accepted_by(pair, authority)) => Signer::Current,
        Some(pair) if pair.is_accepted(others, hosts, now) => Signer::Former,
        _ => Signer::Unusable,
    };
    let is_due = |pair: &UsablePair| {
        let most = LEAF_LIFETIME / RENEWAL_PART;
        pair.leaf().has_less_left(now, RENEWAL_PART, most)
    };

    let rotated = current.as_ref().is_none_or(|authority| {
        let certificate = &authority.certificate;
        let is_old = certificate.has_less_left(now, RENEWAL_PART, CA_LIFETIME)
            || certificate.not_after() - now < LEAF_LIFETIME;
        // One rotation after the other: the CA before must have signed the leaf.
        is_old
            && signer(Some(certificate), &listed) == Signer::Current
            && seen.in_authority(certificate) == Trusted::Yes
    });
    let mut next = SecretPlan {
        write: None,
        serve: None,
        want: None,
    };
    if rotated && seen.knowledge == Knowledge::Awaited {
        next.serve = pair
            .filter(|pair| active.is_none() && pair.is_accepted(&listed, hosts, now))
            .map(|pair| pair.pem);
        return next;
    }
    if rotated {
        let mut former: Vec<ReadCertificate> = Vec::new();
        for authority in listed
            .iter()
            .chain(known)
            .filter(|authority| authority.is_valid_at(now))
        {
            if !former.contains(authority) {
                former.push(authority.clone());
            }
        }
        // Those that are in use come first, because the others are cut off.
        former.sort_by_key(|authority| {
            (
                !accepts_any(active.as_ref(), authority),
                !accepts_any(pair.as_ref(), authority),
            )
        });
        former.truncate(MAX_FORMER);
        let leaf = match &active {
            _ if signer(None, &former) == Signer::Former => LeafStep::Keep,
            Some(active) if active.is_accepted(&former, hosts, now) => {
                LeafStep::WriteBack(active.pem.clone())
            }
            _ => LeafStep::Issue,
        };
        next.write = Some(SecretStep {
            authority: None,
            former: Some(former),
            leaf,
        });
        return next;
    }

    let Some(current) = current else { return next };
    let others: Vec<ReadCertificate> = listed
        .iter()
        .filter(|other| **other != current.certificate)
        .cloned()
        .collect();
    let trusted = seen.in_authority(&current.certificate);
    let of_pair = signer(Some(&current.certificate), &others);
    let rejected = |pair: &UsablePair| !seen.accepts(pair, hosts, now);
    let waits_to_serve = match (&pair, &active) {
        (Some(pair), Some(active)) => {
            let is_unsafe = rejected(pair) || !seen.is_settled();
            pair.pem != active.pem
                && is_unsafe
                && !rejected(active)
                && seen.knowledge != Knowledge::Incomplete
        }
        _ => false,
    };
    if waits_to_serve
        && let Some(active) = &active
        && !active.is_accepted(&listed, hosts, now)
    {
        // Another Secret has replaced the one that this replica's pair came from.
        let added = known
            .into_iter()
            .filter(|authority| accepted_by(active, authority));
        let mut former: Vec<ReadCertificate> = Vec::new();
        for authority in added.chain(&others) {
            if !former.contains(authority) {
                former.push(authority.clone());
            }
        }
        former.truncate(MAX_FORMER);
        if former.iter().any(|authority| !others.contains(authority)) {
            next.write = Some(SecretStep {
                authority: Some(current),
                former: Some(former),
                leaf: LeafStep::Keep,
            });
            return next;
        }
    }
    next.want = Some(bundle([&current.certificate].into_iter().chain(&others)));
    let mut former = None;
    let leaf = match (of_pair, trusted, &pair, &active) {
        (Signer::Current, _, Some(pair), _) if is_due(pair) => {
            if trusted == Trusted::Yes && !others.is_empty() {
                former = Some(Vec::new());
            }
            LeafStep::Issue
        }
        (Signer::Former, Trusted::Yes, ..) => LeafStep::Issue,
        (Signer::Former, Trusted::Unknown, Some(pair), _)
            if pair.leaf().has_less_left(now, URGENT_PART, LEAF_LIFETIME) =>
        {
            LeafStep::Issue
        }
        (Signer::Unusable, Trusted::NotYet | Trusted::Unknown, _, Some(active))
            if active.is_accepted(&listed, hosts, now) =>
        {
            LeafStep::WriteBack(active.pem.clone())
        }
        (Signer::Unusable, ..) => LeafStep::Issue,
        (Signer::Former, ..) => LeafStep::Keep,
        (Signer::Current, ..) => LeafStep::Keep,
    };
    if of_pair != Signer::Unusable && !waits_to_serve {
        next.serve = pair.map(|pair| pair.pem);
    }
    if !matches!(leaf, LeafStep::Keep) {
        next.write = Some(SecretStep {
            authority: Some(current),
            former,
            leaf,
        });
    }
    next
}

impl SecretStep {
    /// Generates what the step needs, and returns the changes of the Secret.
    ///
    /// # Errors
    ///
    /// Returns an error if the system has no random numbers, or the names are not valid.
    pub(super) fn changes(
        &self,
        hosts: &ServiceHosts,
        moment: Moment,
    ) -> Result<SecretChanges, rcgen::Error> {
        let mut changes = SecretChanges::new();
        let made;
        let authority = match &self.authority {
            Some(authority) => authority,
            None => {
                made = Authority::generate(moment)?;
                changes.insert(SecretKey::AuthorityKey, Some(made.key_pem()));
                &made
            }
        };
        if let Some(former) = &self.former {
            let all = bundle([&authority.certificate].into_iter().chain(former));
            changes.insert(SecretKey::Authorities, Some(all));
        }
        let pair = match &self.leaf {
            LeafStep::Keep => None,
            LeafStep::Issue => Some(authority.issue(hosts, moment)?),
            LeafStep::WriteBack(pair) => Some(pair.clone()),
        };
        if let Some(pair) = pair {
            changes.insert(SecretKey::Chain, Some(pair.chain));
            changes.insert(SecretKey::Key, Some(pair.key));
        }
        Ok(changes)
    }

    /// Returns true if the step makes a new CA.
    pub(super) fn is_new_authority(&self) -> bool {
        self.authority.is_none()
    }

    /// Returns the parts that the step changes, for the log.
    pub(super) fn describe(&self) -> &'static str {
        match (&self.authority, &self.leaf) {
            (None, LeafStep::Keep) => "new CA",
            (None, LeafStep::Issue) => "new CA and new certificate",
            (None, LeafStep::WriteBack(_)) => "new CA, and the active pair",
            (Some(_), LeafStep::Keep) => "former CA of the active pair",
            (Some(_), LeafStep::Issue) => "new certificate",
            (Some(_), LeafStep::WriteBack(_)) => "active pair",
        }
    }
}

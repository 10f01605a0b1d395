//! A change of the Secret in the mode self-managed.

use super::authority::{Authority, PemPair, ServiceHosts};
use super::certificate::{ReadCertificate, bundle};
use super::moment::Moment;
use super::stored::{SecretChanges, SecretKey};

/// A change of the Secret.
pub(super) struct SecretStep {
    /// The current CA. `None` if the step makes a new one.
    pub(super) authority: Option<Authority>,
    /// The former CAs, if `ca.pem` changes.
    pub(super) former: Option<Vec<ReadCertificate>>,
    pub(super) leaf: LeafStep,
}

/// A change of the pair in the Secret.
pub(super) enum LeafStep {
    Keep,
    /// The current CA signs a new one.
    Issue,
    /// The active pair of this replica.
    WriteBack(PemPair),
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

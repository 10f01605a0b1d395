//! The settings of the access to the cluster.

use std::path::{Path, PathBuf};

/// The settings of the access to the cluster.
#[derive(Clone, Debug)]
pub(crate) struct ClusterSettings {
    pub(crate) names: Names,
    pub(crate) certificates: Certificates,
    /// File with the CA certificates for `caBundle`, if the Secret does not have them.
    pub(crate) ca_file: Option<PathBuf>,
    /// True if the entries of the webhook configurations stay as they are, except `caBundle`.
    pub(crate) keeps_entries: bool,
    /// The part of imageswap-webhook v1.5.3 that the process replaces, if the objects and rights are those of v1.5.3.
    pub(crate) predecessor: Option<Predecessor>,
}

/// A part of the Deployment of imageswap-webhook v1.5.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Predecessor {
    /// The init container, which also approves its own CertificateSigningRequests.
    InitContainer,
    /// The server.
    Server,
}

impl ClusterSettings {
    /// Returns true if the webhook keeps the webhook configurations: it has the CA for `caBundle`.
    pub(super) fn arms(&self) -> bool {
        self.certificates == Certificates::SelfManaged || self.ca_file.is_some() || self.predecessor.is_some()
    }

    /// Returns the file with the CA certificates for `caBundle`. In the mode self-managed, they are in the Secret.
    pub(super) fn bundle_file(&self) -> Option<&Path> {
        let file = self.ca_file.as_deref();
        file.filter(|_| self.certificates != Certificates::SelfManaged)
    }

    /// Returns true if `caBundle` has the CA certificates that v1.5.3 has in a Secret.
    pub(super) fn has_own_authority(&self) -> bool {
        self.predecessor.is_some() && self.bundle_file().is_none()
    }
}

/// Source of the key pair, as far as the cluster gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Certificates {
    /// The files of a directory; the cluster gives none.
    Directory,
    /// A CA of its own, in the Secret.
    SelfManaged,
    /// The signer of this name, through CertificateSigningRequests.
    Csr(String),
}

/// The names of the objects of the installation.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    /// The Namespace of the webhook.
    pub(crate) namespace: String,
    /// The Service.
    pub(crate) service: String,
    /// The Secret with the key pair.
    pub(crate) secret: String,
    /// The Secret with the CA of a pair of the user, as v1.5.3 has it.
    pub(crate) own_authority: String,
    /// The webhook configurations, of both kinds.
    pub(crate) configuration: String,
    /// The ConfigMap with the entries of the webhook configurations.
    pub(crate) entries: String,
    /// The ConfigMap with the last good set.
    pub(crate) last_good: String,
}

/// Returns the default names.
#[cfg(test)]
pub(super) fn of_tests() -> Names {
    Names {
        namespace: "imageswap-system".to_owned(),
        service: "imageswap".to_owned(),
        secret: "imageswap-tls".to_owned(),
        own_authority: "imageswap-tls-ca".to_owned(),
        configuration: "imageswap-webhook".to_owned(),
        entries: "imageswap-webhooks".to_owned(),
        last_good: "imageswap-last-good".to_owned(),
    }
}

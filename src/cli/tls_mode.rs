//! The source of the key pair: `--tls`, or what the environment says.

use std::path::Path;

use clap::ValueEnum;
use imageswap_engine::label;
use imageswap_files::is_volume;

use super::exit::UsageError;
use crate::kubernetes::{Certificates, is_in_cluster};
use crate::webhook::has_pair;

/// Source of the key pair. `--self-signed` is not one of them, because no cluster trusts such a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum TlsMode {
    /// Files in --tls-dir: your own, or those of cert-manager
    Directory,
    /// A CA and certificates of the webhook's own, in a Secret of its cluster
    SelfManaged,
    /// Certificates of a signer of the cluster, by CertificateSigningRequests
    Csr,
}

label!(TlsMode {
    Directory => "directory",
    SelfManaged => "self-managed",
    Csr => "csr",
});

/// What is known about the source of the key pair.
pub(super) struct TlsHints<'a> {
    /// The option.
    pub(super) given: Option<TlsMode>,
    pub(super) tls_dir: &'a Path,
    pub(super) signer: Option<&'a str>,
    /// True if the program is called by a name that the Deployment of imageswap-webhook calls.
    pub(super) is_predecessor: bool,
}

impl TlsHints<'_> {
    /// Returns the source of the key pair.
    ///
    /// # Errors
    ///
    /// Returns an error if the option needs a cluster, and the process has no access to one.
    pub(super) fn mode(&self) -> Result<TlsMode, UsageError> {
        let is_in_cluster = is_in_cluster();
        match self.given {
            Some(TlsMode::SelfManaged) if !is_in_cluster => Err(UsageError::NoCluster("self-managed")),
            Some(TlsMode::Csr) if !is_in_cluster => Err(UsageError::NoCluster("csr")),
            Some(mode) => Ok(mode),
            None if !is_in_cluster => Ok(TlsMode::Directory),
            // The init container has left a pair in a directory of the Pod, and `gunicorn` renews it. A Secret that is
            // mounted there is the user's own.
            None if self.is_predecessor && !is_volume(self.tls_dir) => Ok(match self.signer {
                Some(_) => TlsMode::Csr,
                None => TlsMode::SelfManaged,
            }),
            None if has_pair(self.tls_dir) => Ok(TlsMode::Directory),
            None => Ok(TlsMode::SelfManaged),
        }
    }

    /// Returns what the cluster gives in a mode.
    ///
    /// # Errors
    ///
    /// Returns an error if the mode needs a signer, and none is named.
    pub(super) fn certificates(&self, mode: TlsMode) -> Result<Certificates, UsageError> {
        Ok(match mode {
            TlsMode::Directory => Certificates::Directory,
            TlsMode::SelfManaged => Certificates::SelfManaged,
            TlsMode::Csr => Certificates::Csr(self.signer.ok_or(UsageError::NoSigner)?.to_owned()),
        })
    }
}

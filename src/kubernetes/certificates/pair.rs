//! Key pairs of the Secret, which may hold anything.

use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::sign::CertifiedKey;
use time::OffsetDateTime;

use super::authority::{PemPair, ServiceHosts};
use super::certificate::{MAX_TEXT, ReadCertificate, chain, is_accepted};

/// A key pair whose key belongs to its certificate. It has no `Debug`, because the key is secret.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct UsablePair {
    pub(super) pem: PemPair,
    chain: Vec<ReadCertificate>,
}

impl UsablePair {
    /// Parses a pair. Returns `None` if a part is missing or unreadable, or if the key belongs to another certificate.
    pub(super) fn parse(pem: PemPair) -> Option<Self> {
        let chain = chain(&pem.chain)?;
        if pem.key.len() > MAX_TEXT {
            return None;
        }
        let key = PrivateKeyDer::from_pem_slice(pem.key.as_bytes()).ok()?;
        let certified = chain
            .iter()
            .map(|certificate| certificate.der().clone())
            .collect();
        CertifiedKey::from_der(certified, key, &ring::default_provider()).ok()?;
        Some(Self { pem, chain })
    }

    /// Returns true if an API server that trusts `authorities` accepts the pair.
    pub(super) fn is_accepted<'a>(
        &self,
        authorities: impl IntoIterator<Item = &'a ReadCertificate>,
        hosts: &ServiceHosts,
        now: OffsetDateTime,
    ) -> bool {
        is_accepted(&self.chain, authorities, hosts.host(), now)
    }

    /// Returns the certificate.
    pub(super) fn leaf(&self) -> &ReadCertificate {
        // A pair has at least one.
        &self.chain[0]
    }

    /// Returns true if all dates of the chain allow its use, and the names are those of the Service. It does not look
    /// for a CA.
    pub(super) fn is_for(&self, hosts: &ServiceHosts, now: OffsetDateTime) -> bool {
        let is_valid = |certificate: &ReadCertificate| certificate.is_valid_at(now);
        self.chain.iter().all(is_valid) && self.leaf().has_host(hosts.host())
    }
}

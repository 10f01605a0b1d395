//! The key pair that the webhook shows, replaced while it serves.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use imageswap_files::read_consistently;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, ServerConfig};
use sha2::{Digest as _, Sha256};

use crate::config::Digest;

/// The names that the two files go by: those of imageswap-webhook, and those of a Secret of type `tls`.
const NAMES: [(&str, &str); 2] = [("cert.pem", "key.pem"), ("tls.crt", "tls.key")];

/// The key pair in force. A pair that is of no use never gets in.
#[derive(Debug)]
pub(crate) struct Certificate {
    current: ArcSwap<CertifiedKey>,
    source: Option<Source>,
}

/// Where a pair comes from, and which text the one in force was made from.
#[derive(Debug)]
struct Source {
    folder: PathBuf,
    text: Mutex<PairText>,
}

/// The bytes of a key pair, from one generation of its folder.
#[derive(PartialEq, Eq)]
struct PairText {
    chain: Vec<u8>,
    key: Vec<u8>,
    names: (&'static str, &'static str),
}

/// Why there is no key pair: one line, without key material.
#[derive(Debug)]
pub(crate) struct CertificateError {
    folder: PathBuf,
    reason: String,
}

impl Certificate {
    /// Reads the pair of a folder.
    pub(crate) fn load(folder: &Path) -> Result<Self, CertificateError> {
        let text = PairText::read(folder)?;
        let pair = text.parse(folder)?;
        Ok(Self {
            current: ArcSwap::from_pointee(pair),
            source: Some(Source {
                folder: folder.to_owned(),
                text: Mutex::new(text),
            }),
        })
    }

    /// A pair that never changes.
    pub(crate) fn fixed(pair: CertifiedKey) -> Self {
        Self {
            current: ArcSwap::from_pointee(pair),
            source: None,
        }
    }

    /// The folder whose changes change the pair; none where it never changes.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.source.as_ref().map(|source| source.folder.as_path())
    }

    /// Returns the digest of the active certificate, without those that signed it.
    pub(crate) fn digest(&self) -> Digest {
        let pair = self.current.load();
        let mut hasher = Sha256::new();
        if let Ok(certificate) = pair.end_entity_cert() {
            hasher.update(certificate);
        }
        Digest::new(hasher)
    }

    /// Every name that one of the files may have.
    pub(crate) fn files() -> Vec<OsString> {
        NAMES
            .into_iter()
            .flat_map(|(chain, key)| [chain.into(), key.into()])
            .collect()
    }

    /// Looks whether the folder holds another pair, and puts it in force, for the handshakes to come. Says
    /// whether it did. Blocks.
    pub(crate) fn reload(&self) -> Result<bool, CertificateError> {
        let Some(Source { folder, text }) = &self.source else {
            return Ok(false);
        };
        let mut in_force = text.lock().unwrap_or_else(PoisonError::into_inner);
        let new = PairText::read(folder)?;
        if new == *in_force {
            return Ok(false);
        }
        self.current.store(Arc::new(new.parse(folder)?));
        *in_force = new;
        Ok(true)
    }

    /// TLS for a server that shows the pair in force.
    pub(crate) fn server_config(self: Arc<Self>) -> Result<ServerConfig, rustls::Error> {
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let mut config = builder
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(self);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}

impl PairText {
    /// Reads both files, of one generation.
    fn read(folder: &Path) -> Result<Self, CertificateError> {
        let pair = read_consistently(&[folder], || {
            for names in NAMES {
                match (fs::read(folder.join(names.0)), fs::read(folder.join(names.1))) {
                    (Ok(chain), Ok(key)) => return Ok(Some(Self { chain, key, names })),
                    (Err(error), _) | (_, Err(error)) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(error);
                    }
                    _ => {}
                }
            }
            Ok(None)
        });
        match pair {
            Ok(Some(pair)) => Ok(pair),
            Ok(None) => Err(CertificateError::new(
                folder,
                "there is neither cert.pem with key.pem nor tls.crt with tls.key (for a first look, --self-signed \
                 makes a throwaway certificate)",
            )),
            Err(error) => Err(CertificateError::new(folder, error.to_string())),
        }
    }

    /// Understands the pair, and makes sure that the key belongs to the certificate.
    fn parse(&self, folder: &Path) -> Result<CertifiedKey, CertificateError> {
        let fail = |reason: String| CertificateError::new(folder, reason);
        let (chain_name, key_name) = self.names;
        let no_pem = |name: &str, wanted: &str, error: &pem::Error| match error {
            pem::Error::NoItemsFound => format!("{name} holds no {wanted} in PEM"),
            error => format!("{name} is not valid PEM: {error}"),
        };
        let chain = CertificateDer::pem_slice_iter(&self.chain)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| fail(no_pem(chain_name, "certificate", &error)))?;
        if chain.is_empty() {
            return Err(fail(format!("{chain_name} holds no certificate in PEM")));
        }
        let key = PrivateKeyDer::from_pem_slice(&self.key)
            .map_err(|error| fail(no_pem(key_name, "private key", &error)))?;
        CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(|error| {
            fail(match error {
                rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                    format!("the key in {key_name} does not belong to the certificate in {chain_name}")
                }
                rustls::Error::InvalidCertificate(error) => {
                    format!("the certificate in {chain_name} is of no use: {error}")
                }
                error => format!("{chain_name} and {key_name} are of no use: {error}"),
            })
        })
    }
}

impl CertificateError {
    fn new(folder: &Path, reason: impl Into<String>) -> Self {
        Self {
            folder: folder.to_owned(),
            reason: reason.into(),
        }
    }
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no key pair in {}: {}", self.folder.display(), self.reason)
    }
}

impl std::error::Error for CertificateError {}

/// Without the bytes: they are secret.
impl fmt::Debug for PairText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PairText")
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path) -> Vec<u8> {
        let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        fs::write(folder.join("cert.pem"), pair.cert.pem()).unwrap();
        fs::write(folder.join("key.pem"), pair.signing_key.serialize_pem()).unwrap();
        pair.cert.der().to_vec()
    }

    #[test]
    fn a_pair_that_changed_before_it_was_watched_is_put_in_force_by_the_first_look() {
        let folder = tempfile::tempdir().unwrap();
        let shown = |certificate: &Certificate| certificate.current.load().cert[0].to_vec();
        let first = write(folder.path());
        let certificate = Certificate::load(folder.path()).unwrap();
        assert_eq!(shown(&certificate), first);
        let second = write(folder.path());
        assert!(certificate.reload().unwrap());
        assert_eq!(shown(&certificate), second);
        assert!(!certificate.reload().unwrap());
    }
}

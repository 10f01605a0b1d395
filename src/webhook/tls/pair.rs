//! The text of a key pair, and the pair that it parses to.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use imageswap_files::{MayBeGone as _, ReadError, read, read_consistently};
use rustls::InconsistentKeys;
use rustls::crypto::ring;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::error::PairProblem;
use super::expiry::ChainValidity;
use super::pem::{PemItem, PemProblem, is_encrypted};
use super::problem::CertificateProblem;
use super::trial::shake_hands;

/// The names of the two files: those of imageswap-webhook v1.5.3, and those of a Secret of type `kubernetes.io/tls`.
pub(super) const NAMES: [(&str, &str); 2] = [("cert.pem", "key.pem"), ("tls.crt", "tls.key")];

/// Returns true if a directory has the files of a pair, valid or not.
pub(crate) fn has_pair(dir: &Path) -> bool {
    NAMES.into_iter().any(|names| has_files(dir, names))
}

fn has_files(dir: &Path, (chain, key): (&str, &str)) -> bool {
    dir.join(chain).exists() && dir.join(key).exists()
}

/// Maximum length of each of the files, in bytes.
const MAX_FILE: u64 = 64 << 10;
/// Maximum number of certificates in a chain. Clients reject longer ones, and each handshake sends all of them.
const MAX_CERTIFICATES: usize = 10;

/// The text of a key pair, from one generation of its directory.
#[derive(PartialEq, Eq)]
pub(super) struct PairText {
    chain: String,
    key: String,
    names: (&'static str, &'static str),
    /// The names of another pair in the directory, which is not served.
    unused: Option<(&'static str, &'static str)>,
}

/// A valid key pair.
#[derive(Debug)]
pub(super) struct ParsedPair {
    pub(super) certified: Arc<CertifiedKey>,
    pub(super) validity: ChainValidity,
    /// The problems that are in the log.
    pub(super) logged: Mutex<Vec<CertificateProblem>>,
}

impl PairText {
    /// Returns the text of a pair that is in no directory.
    pub(super) fn new(chain: String, key: String) -> Self {
        Self {
            chain,
            key,
            names: NAMES[0],
            unused: None,
        }
    }

    /// Reads both files from one generation of the directory.
    pub(super) fn read(dir: &Path) -> Result<Self, PairProblem> {
        let pair = read_consistently(&[dir], || -> Result<Option<Self>, ReadError> {
            for (place, names) in NAMES.into_iter().enumerate() {
                match (
                    read(&dir.join(names.0), MAX_FILE),
                    read(&dir.join(names.1), MAX_FILE),
                ) {
                    (Ok(chain), Ok(key)) => {
                        let mut later = NAMES.into_iter().skip(place + 1);
                        return Ok(Some(Self {
                            chain,
                            key,
                            names,
                            unused: later.find(|names| has_files(dir, *names)),
                        }));
                    }
                    (Err(error), _) | (_, Err(error)) if !error.is_gone() => return Err(error),
                    _ => {}
                }
            }
            Ok(None)
        });
        pair.map_err(PairProblem::Read)?.ok_or(PairProblem::Missing)
    }

    /// Returns the chain and the key, both in PEM.
    pub(super) fn pem(&self) -> (String, String) {
        (self.chain.clone(), self.key.clone())
    }

    /// Warns of another pair in the directory.
    pub(super) fn warn_of_unused(&self) {
        if let Some((chain, key)) = self.unused {
            let (served, _) = self.names;
            tracing::warn!(
                "the directory of the key pair has two: {served} is served, {chain} with {key} is not; remove one"
            );
        }
    }

    /// Returns the name of the file with the chain.
    pub(super) fn chain_name(&self) -> &'static str {
        self.names.0
    }

    /// Parses the pair, and checks that the key belongs to the first certificate and that a client would get through a
    /// handshake, whatever it thinks of dates and names.
    pub(super) fn parse(&self) -> Result<ParsedPair, PairProblem> {
        let (chain_name, key_name) = self.names;
        let (has_key, has_certificate) = (PemItem::PrivateKey, PemItem::Certificate);
        if has_key.is_in(&self.chain)
            && has_certificate.is_in(&self.key)
            && !has_certificate.is_in(&self.chain)
            && !has_key.is_in(&self.key)
        {
            return Err(PairProblem::Swapped {
                chain: chain_name,
                key: key_name,
            });
        }
        let no_certificate = |error| PairProblem::Pem {
            file: chain_name,
            item: PemItem::Certificate,
            problem: PemProblem::of(&self.chain, error),
        };
        let chain = CertificateDer::pem_slice_iter(self.chain.as_bytes())
            .take(MAX_CERTIFICATES + 1)
            .collect::<Result<Vec<_>, _>>()
            .map_err(no_certificate)?;
        if chain.is_empty() {
            return Err(no_certificate(pem::Error::NoItemsFound));
        }
        if chain.len() > MAX_CERTIFICATES {
            return Err(PairProblem::TooMany {
                chain: chain_name,
                limit: MAX_CERTIFICATES,
            });
        }
        let no_key = |error| PairProblem::Pem {
            file: key_name,
            item: PemItem::PrivateKey,
            problem: PemProblem::of(&self.key, error),
        };
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).map_err(no_key)?;
        if is_encrypted(&self.key) {
            return Err(no_key(pem::Error::NoItemsFound));
        }
        if any_supported_type(&key).is_err() {
            return Err(PairProblem::Key { key: key_name });
        }
        let validity = ChainValidity::read(&chain).map_err(|error| PairProblem::Chain {
            chain: chain_name,
            error,
        })?;
        let invalid = |error| PairProblem::Pair {
            chain: chain_name,
            key: key_name,
            error,
        };
        let certified = certify(chain.clone(), &key).map_err(|error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                let owner =
                    |certificate: &CertificateDer<'static>| certify(vec![certificate.clone()], &key).is_ok();
                match chain.iter().position(owner) {
                    Some(index) => PairProblem::Order {
                        chain: chain_name,
                        key: key_name,
                        place: index + 1,
                    },
                    None => PairProblem::KeyMismatch {
                        chain: chain_name,
                        key: key_name,
                    },
                }
            }
            rustls::Error::InvalidCertificate(error) => PairProblem::Certificate {
                chain: chain_name,
                error,
            },
            error => invalid(error),
        })?;
        let certified = Arc::new(certified);
        shake_hands(&certified).map_err(invalid)?;
        Ok(ParsedPair {
            certified,
            validity,
            logged: Mutex::default(),
        })
    }
}

fn certify(
    chain: Vec<CertificateDer<'static>>,
    key: &PrivateKeyDer<'static>,
) -> Result<CertifiedKey, rustls::Error> {
    CertifiedKey::from_der(chain, key.clone_key(), &ring::default_provider())
}

/// Omits the bytes, because they are secret.
impl fmt::Debug for PairText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PairText")
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

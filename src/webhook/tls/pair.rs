//! The text of a key pair, and the pair that it parses to.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use imageswap_files::read_consistently;
use rustls::InconsistentKeys;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::error::PairProblem;
use super::expiry::ChainValidity;
use super::problem::CertificateProblem;

/// The names of the two files: those of imageswap-webhook v1.5.3, and those of a Secret of type `kubernetes.io/tls`.
pub(super) const NAMES: [(&str, &str); 2] = [("cert.pem", "key.pem"), ("tls.crt", "tls.key")];

/// Returns true if a directory has the files of a pair, valid or not.
pub(crate) fn has_pair(dir: &Path) -> bool {
    let has = |name| dir.join(name).exists();
    NAMES.into_iter().any(|(chain, key)| has(chain) && has(key))
}

/// The bytes of a key pair, from one generation of its directory.
#[derive(PartialEq, Eq)]
pub(super) struct PairText {
    chain: Vec<u8>,
    key: Vec<u8>,
    names: (&'static str, &'static str),
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
            chain: chain.into_bytes(),
            key: key.into_bytes(),
            names: NAMES[0],
        }
    }

    /// Reads both files from one generation of the directory.
    pub(super) fn read(dir: &Path) -> Result<Self, PairProblem> {
        let pair = read_consistently(&[dir], || {
            for names in NAMES {
                match (fs::read(dir.join(names.0)), fs::read(dir.join(names.1))) {
                    (Ok(chain), Ok(key)) => return Ok(Some(Self { chain, key, names })),
                    (Err(error), _) | (_, Err(error)) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(error);
                    }
                    _ => {}
                }
            }
            Ok(None)
        });
        pair.map_err(PairProblem::Read)?.ok_or(PairProblem::Missing)
    }

    /// Returns the chain and the key, both in PEM.
    pub(super) fn pem(&self) -> Option<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
        Some((text(&self.chain)?, text(&self.key)?))
    }

    /// Returns the name of the file with the chain.
    pub(super) fn chain_name(&self) -> &'static str {
        self.names.0
    }

    /// Parses the pair, and checks that the key belongs to the first certificate.
    pub(super) fn parse(&self) -> Result<ParsedPair, PairProblem> {
        let (chain_name, key_name) = self.names;
        let no_certificate = |error| PairProblem::Pem {
            file: chain_name,
            wanted: "certificate",
            error,
        };
        let chain = CertificateDer::pem_slice_iter(&self.chain)
            .collect::<Result<Vec<_>, _>>()
            .map_err(no_certificate)?;
        if chain.is_empty() {
            return Err(no_certificate(pem::Error::NoItemsFound));
        }
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|error| PairProblem::Pem {
            file: key_name,
            wanted: "private key",
            error,
        })?;
        let validity = ChainValidity::read(&chain).map_err(|error| PairProblem::Chain {
            chain: chain_name,
            error,
        })?;
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
            error => PairProblem::Pair {
                chain: chain_name,
                key: key_name,
                error,
            },
        })?;
        Ok(ParsedPair {
            certified: Arc::new(certified),
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

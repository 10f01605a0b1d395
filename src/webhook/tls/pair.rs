//! The text of a key pair, and how it is parsed.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use imageswap_files::read_consistently;
use rustls::InconsistentKeys;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::error::PairProblem;

/// The names of the two files: those of imageswap-webhook v1.5.3, and those of a Secret of type `kubernetes.io/tls`.
pub(super) const NAMES: [(&str, &str); 2] = [("cert.pem", "key.pem"), ("tls.crt", "tls.key")];

/// The bytes of a key pair, from one generation of its directory.
#[derive(PartialEq, Eq)]
pub(super) struct PairText {
    chain: Vec<u8>,
    key: Vec<u8>,
    names: (&'static str, &'static str),
}

impl PairText {
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

    /// Parses the pair, and checks that the key belongs to the certificate.
    pub(super) fn parse(&self) -> Result<CertifiedKey, PairProblem> {
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
        CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(|error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => PairProblem::KeyMismatch {
                chain: chain_name,
                key: key_name,
            },
            rustls::Error::InvalidCertificate(error) => PairProblem::Certificate {
                chain: chain_name,
                error,
            },
            error => PairProblem::Pair {
                chain: chain_name,
                key: key_name,
                error,
            },
        })
    }
}

/// Omits the bytes, because they are secret.
impl fmt::Debug for PairText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PairText")
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

//! Errors of key pairs. No error contains key material.

use std::fmt;
use std::path::{Path, PathBuf};

use imageswap_files::{ReadError, ReadReason};

use super::pem::{PemItem, PemProblem};
use super::problem::CertificateProblem;

/// A directory has no valid key pair.
#[derive(Debug)]
pub(crate) struct PairError {
    /// The directory.
    pub(super) dir: PathBuf,
    /// The reason.
    pub(super) reason: PairProblem,
}

/// The reason why a key pair is not valid.
#[derive(Debug)]
pub(crate) enum PairProblem {
    /// The directory has no files with the names of a pair.
    Missing,
    /// A file cannot be read.
    Read(ReadError),
    /// A file is not PEM, or has no item of the wanted kind.
    Pem {
        file: &'static str,
        item: PemItem,
        problem: PemProblem,
    },
    /// Each file has what the other one should have.
    Swapped { chain: &'static str, key: &'static str },
    /// The chain has more certificates than this.
    TooMany { chain: &'static str, limit: usize },
    /// The key is of a kind that is not supported, or damaged.
    Key { key: &'static str },
    /// The chain has something else than certificates, or an old one.
    Chain {
        chain: &'static str,
        error: UnreadableChain,
    },
    /// The key does not belong to the certificate.
    KeyMismatch { chain: &'static str, key: &'static str },
    /// The key belongs to a certificate after the first one.
    Order {
        chain: &'static str,
        key: &'static str,
        place: usize,
    },
    /// The certificate is not valid.
    Certificate {
        chain: &'static str,
        error: rustls::CertificateError,
    },
    /// A handshake of the pair with itself fails, or the pair is not valid for another reason.
    Pair {
        chain: &'static str,
        key: &'static str,
        error: rustls::Error,
    },
    /// The pair is valid, but its dates are worse than those of the active pair.
    Worse {
        chain: &'static str,
        problem: CertificateProblem,
    },
}

/// The reason why dates and names of a chain cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnreadableChain {
    /// The certificate at this place, from 1, is not a certificate.
    NotX509 { place: usize },
    /// The first certificate has an old version of X.509, which has no extensions.
    OldVersion { version: u32 },
}

/// A self-signed key pair cannot be generated.
#[derive(Debug)]
pub(crate) enum SelfSignedError {
    /// The key or the certificate cannot be generated.
    Make(rcgen::Error),
    /// The pair is not valid.
    Pair(PairProblem),
}

impl PairError {
    /// Returns the error of a directory whose volume does not answer.
    pub(crate) fn no_answer(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
            reason: PairProblem::Read(ReadError::no_answer(dir.display())),
        }
    }
}

impl fmt::Display for PairError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no valid key pair in {}: {}", self.dir.display(), self.reason)
    }
}

impl fmt::Display for PairProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str(
                "found neither cert.pem with key.pem nor tls.crt with tls.key; mount a key pair there, or set its \
                 directory with --tls-dir; in a cluster, --tls=self-managed or --tls=csr need none; to try the webhook \
                 without a pair, use --self-signed alone",
            ),
            Self::Read(error) => match error.reason {
                ReadReason::NotText(_) => write!(
                    f,
                    "{} is not text, so it is not PEM; if it is DER, convert it: openssl x509 -inform der, or openssl \
                     pkey -inform der for a key",
                    error.name
                ),
                _ => error.fmt(f),
            },
            Self::Pem {
                file,
                item,
                problem,
            } => f.write_str(&problem.message(file, *item)),
            Self::Swapped { chain, key } => write!(
                f,
                "{chain} has a private key, and {key} a certificate: the two files are swapped"
            ),
            Self::TooMany { chain, limit } => write!(
                f,
                "{chain} has more than {limit} certificates; it needs the leaf and its intermediates, without the CA"
            ),
            Self::Key { key } => write!(
                f,
                "the key in {key} is damaged or of an unsupported kind; supported are RSA with 2048, 3072 and 4096 bits, \
                 ECDSA with P-256 and P-384, and Ed25519"
            ),
            Self::Chain { chain, error } => match error {
                UnreadableChain::NotX509 { place } => {
                    write!(f, "certificate {place} in {chain} is not a valid X.509 certificate")
                }
                UnreadableChain::OldVersion { version } => write!(
                    f,
                    "the certificate in {chain} has version {version} of X.509, which has no subject alternative \
                     names; issue one of version 3 with the DNS name SERVICE.NAMESPACE.svc"
                ),
            },
            Self::KeyMismatch { chain, key } => {
                write!(f, "the key in {key} does not belong to the certificate in {chain}")
            }
            Self::Order { chain, key, place } => write!(
                f,
                "the key in {key} belongs to certificate {place} in {chain}, not to the first one; put the leaf \
                 first, then its intermediates"
            ),
            Self::Certificate { chain, error } => {
                write!(f, "the certificate in {chain} is invalid: ")?;
                match error {
                    // Its printed form has the names of Rust types.
                    rustls::CertificateError::Other(other) => other.0.fmt(f),
                    error => error.fmt(f),
                }
            }
            Self::Pair { chain, key, error } => write!(f, "the pair of {chain} and {key} is invalid: {error}"),
            Self::Worse { chain, problem } => write!(
                f,
                "{problem}, so {chain} does not replace the active pair{}",
                match problem {
                    CertificateProblem::NotYetValid { .. } => " until then",
                    _ => "; renew it",
                }
            ),
        }
    }
}

impl fmt::Display for SelfSignedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot generate a certificate: ")?;
        match self {
            Self::Make(error) => error.fmt(f),
            Self::Pair(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PairError {}
impl std::error::Error for PairProblem {}
impl std::error::Error for SelfSignedError {}

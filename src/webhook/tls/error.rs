//! Errors of key pairs. No error contains key material.

use std::fmt;
use std::io;
use std::path::PathBuf;

use rustls::pki_types::pem;

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
    Read(io::Error),
    /// A file is not PEM, or has no item of the wanted kind.
    Pem {
        file: &'static str,
        wanted: &'static str,
        error: pem::Error,
    },
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
    /// The pair is not valid for another reason, such as a key of an unknown kind.
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
            Self::Read(error) => error.fmt(f),
            Self::Pem {
                file,
                wanted,
                error: pem::Error::NoItemsFound,
            } => write!(f, "{file} has no {wanted} in PEM format"),
            Self::Pem { file, error, .. } => write!(f, "{file} is not valid PEM: {error}"),
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

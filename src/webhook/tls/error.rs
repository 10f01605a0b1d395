//! Errors of key pairs. No error contains key material.

use std::fmt;
use std::io;
use std::path::PathBuf;

use rustls::pki_types::pem;

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
    /// The key does not belong to the certificate.
    KeyMismatch { chain: &'static str, key: &'static str },
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
}

/// A self-signed key pair cannot be generated.
#[derive(Debug)]
pub(crate) enum SelfSignedError {
    /// The key or the certificate cannot be generated.
    Make(rcgen::Error),
    /// The format of the key is unknown.
    Key(&'static str),
    /// The TLS library rejects the pair.
    Pair(rustls::Error),
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
                "found neither cert.pem with key.pem nor tls.crt with tls.key; to try the webhook without a pair, use \
                 --self-signed",
            ),
            Self::Read(error) => error.fmt(f),
            Self::Pem {
                file,
                wanted,
                error: pem::Error::NoItemsFound,
            } => write!(f, "{file} has no {wanted} in PEM format"),
            Self::Pem { file, error, .. } => write!(f, "{file} is not valid PEM: {error}"),
            Self::KeyMismatch { chain, key } => {
                write!(f, "the key in {key} does not belong to the certificate in {chain}")
            }
            Self::Certificate { chain, error } => {
                write!(f, "the certificate in {chain} is invalid: {error}")
            }
            Self::Pair { chain, key, error } => write!(f, "the pair of {chain} and {key} is invalid: {error}"),
        }
    }
}

impl fmt::Display for SelfSignedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot generate a certificate: ")?;
        match self {
            Self::Make(error) => error.fmt(f),
            Self::Key(error) => f.write_str(error),
            Self::Pair(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PairError {}
impl std::error::Error for PairProblem {}
impl std::error::Error for SelfSignedError {}

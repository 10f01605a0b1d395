//! The errors of key pairs. None of them has key material.

use std::fmt;
use std::io;
use std::path::PathBuf;

use rustls::pki_types::pem;

/// The error of a directory without a valid key pair.
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

/// The error of making a throwaway key pair.
#[derive(Debug)]
pub(crate) enum SelfSignedError {
    /// A key or a certificate cannot be made.
    Make(rcgen::Error),
    /// The key is not of a known form.
    Key(&'static str),
    /// TLS does not take the pair.
    Pair(rustls::Error),
}

impl fmt::Display for PairError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no key pair in {}: {}", self.dir.display(), self.reason)
    }
}

impl fmt::Display for PairProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str(
                "there is neither cert.pem with key.pem nor tls.crt with tls.key (for a first look, --self-signed \
                 makes a throwaway certificate)",
            ),
            Self::Read(error) => error.fmt(f),
            Self::Pem {
                file,
                wanted,
                error: pem::Error::NoItemsFound,
            } => write!(f, "{file} holds no {wanted} in PEM"),
            Self::Pem { file, error, .. } => write!(f, "{file} is not valid PEM: {error}"),
            Self::KeyMismatch { chain, key } => {
                write!(f, "the key in {key} does not belong to the certificate in {chain}")
            }
            Self::Certificate { chain, error } => {
                write!(f, "the certificate in {chain} is of no use: {error}")
            }
            Self::Pair { chain, key, error } => write!(f, "{chain} and {key} are of no use: {error}"),
        }
    }
}

impl fmt::Display for SelfSignedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot make a certificate: ")?;
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

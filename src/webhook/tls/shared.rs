//! The active key pair, which a reload replaces.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, Guard};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use super::error::{PairError, PairProblem};
use super::pair::{NAMES, PairText, ParsedPair};
use super::problem::CertificateProblem;
use crate::config::Digest;

/// The active key pair. An invalid pair never becomes active, nor does one with worse dates than those of the active
/// pair, such as an expired one instead of a valid one.
#[derive(Debug)]
pub(crate) struct SharedPair {
    current: ArcSwap<ParsedPair>,
    source: Option<PairSource>,
}

/// The directory of a pair, and the text of the active pair.
#[derive(Debug)]
struct PairSource {
    dir: PathBuf,
    text: Mutex<PairText>,
}

impl SharedPair {
    /// Reads the pair of a directory.
    ///
    /// # Errors
    ///
    /// Returns an error if the directory has no valid pair.
    pub(crate) fn from_dir(dir: &Path) -> Result<Self, PairError> {
        let fail = |reason| PairError {
            dir: dir.to_owned(),
            reason,
        };
        let text = PairText::read(dir).map_err(fail)?;
        let pair = text.parse().map_err(fail)?;
        Ok(Self {
            current: ArcSwap::from_pointee(pair),
            source: Some(PairSource {
                dir: dir.to_owned(),
                text: Mutex::new(text),
            }),
        })
    }

    /// Returns a pair that never changes.
    pub(super) fn new(pair: ParsedPair) -> Self {
        Self {
            current: ArcSwap::from_pointee(pair),
            source: None,
        }
    }

    /// Returns the directory of the pair. `None` if the pair never changes.
    pub(crate) fn dir(&self) -> Option<&Path> {
        self.source.as_ref().map(|source| source.dir.as_path())
    }

    /// Returns the digest of the active certificate, without the rest of its chain.
    pub(crate) fn digest(&self) -> Digest {
        let pair = self.current.load();
        let mut hasher = Sha256::new();
        if let Ok(certificate) = pair.certified.end_entity_cert() {
            hasher.update(certificate);
        }
        Digest::new(hasher)
    }

    /// Returns the last second of the active certificate.
    pub(crate) fn expiry(&self) -> OffsetDateTime {
        self.current.load().validity.leaf_expiry()
    }

    /// Returns the problems that the active certificate has now.
    pub(crate) fn problems(&self) -> Vec<CertificateProblem> {
        self.current.load().validity.problems(OffsetDateTime::now_utc())
    }

    /// Logs the problems that the active certificate has now. A problem is logged once for each pair.
    pub(crate) fn log_problems(&self) {
        let pair = self.current.load();
        let mut logged = pair.logged.lock().unwrap_or_else(PoisonError::into_inner);
        let directory = self.dir().map(|dir| dir.display().to_string());
        for problem in pair.validity.problems(OffsetDateTime::now_utc()) {
            if !logged.contains(&problem) {
                problem.log(directory.as_deref());
                logged.push(problem);
            }
        }
    }

    /// Returns the active pair.
    pub(super) fn active(&self) -> Guard<Arc<ParsedPair>> {
        self.current.load()
    }

    /// Returns the names that the files of a pair can have.
    pub(crate) fn files() -> Vec<OsString> {
        NAMES
            .into_iter()
            .flat_map(|(chain, key)| [chain.into(), key.into()])
            .collect()
    }

    /// Reads the directory and, if its pair has changed, makes it active for new handshakes. Returns true if it has
    /// changed. Blocks.
    ///
    /// # Errors
    ///
    /// Returns an error if the directory has no valid pair, or one with worse dates. The active pair stays.
    pub(crate) fn reload(&self) -> Result<bool, PairError> {
        let Some(PairSource { dir, text }) = &self.source else {
            return Ok(false);
        };
        let mut active = text.lock().unwrap_or_else(PoisonError::into_inner);
        let fail = |reason| PairError {
            dir: dir.clone(),
            reason,
        };
        let new = PairText::read(dir).map_err(fail)?;
        if new == *active {
            return Ok(false);
        }
        let pair = new.parse().map_err(fail)?;
        let now = OffsetDateTime::now_utc();
        if let Some(problem) = pair.validity.worse_than(&self.current.load().validity, now) {
            return Err(fail(PairProblem::Worse {
                chain: new.chain_name(),
                problem,
            }));
        }
        self.current.store(Arc::new(pair));
        *active = new;
        Ok(true)
    }

    /// Returns the TLS configuration of a server that presents the active pair.
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

impl ResolvesServerCert for SharedPair {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.load().certified))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn write(dir: &Path) -> Vec<u8> {
        let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        fs::write(dir.join("cert.pem"), pair.cert.pem()).unwrap();
        fs::write(dir.join("key.pem"), pair.signing_key.serialize_pem()).unwrap();
        pair.cert.der().to_vec()
    }

    #[test]
    fn pair_that_changed_before_the_watch_is_found_by_the_first_reload() {
        let dir = tempfile::tempdir().unwrap();
        let shown = |certificate: &SharedPair| certificate.active().certified.cert[0].to_vec();
        let first = write(dir.path());
        let certificate = SharedPair::from_dir(dir.path()).unwrap();
        assert_eq!(shown(&certificate), first);
        let second = write(dir.path());
        assert!(certificate.reload().unwrap());
        assert_eq!(shown(&certificate), second);
        assert!(!certificate.reload().unwrap());
    }
}

//! The active key pair, which a reload replaces.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwapOption, Guard};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use sha2::{Digest as _, Sha256};
use time::{Duration, OffsetDateTime};

use super::error::{PairError, PairProblem};
use super::pair::{NAMES, PairText, ParsedPair};
use super::problem::CertificateProblem;
use crate::config::Digest;

/// The active key pair. An invalid pair never becomes active, nor does one with worse dates than those of the active
/// pair, such as an expired one instead of a valid one.
#[derive(Debug)]
pub(crate) struct SharedPair {
    /// `None` until the cluster has given the first pair. Handshakes fail until then.
    current: ArcSwapOption<ParsedPair>,
    /// The directory that the pair comes from, if it comes from one.
    dir: Option<PathBuf>,
    /// The text of the active pair. It is locked while a new pair is compared with the active one.
    text: Mutex<Option<PairText>>,
    /// The seconds that the clients' clock is ahead of that of this machine.
    ahead: AtomicI64,
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
        let mut pair = Self::new(text).map_err(fail)?;
        pair.dir = Some(dir.to_owned());
        Ok(pair)
    }

    /// Returns a pair that is in no directory.
    ///
    /// # Errors
    ///
    /// Returns an error if the pair is not valid.
    pub(super) fn new(text: PairText) -> Result<Self, PairProblem> {
        let pair = Self::missing();
        pair.replace(text)?;
        Ok(pair)
    }

    /// Returns the state before the first pair.
    pub(crate) fn missing() -> Self {
        Self {
            current: ArcSwapOption::empty(),
            dir: None,
            text: Mutex::default(),
            ahead: AtomicI64::default(),
        }
    }

    /// Returns the directory of the pair, if it comes from one.
    pub(crate) fn dir(&self) -> Option<&Path> {
        self.dir.as_deref()
    }

    /// Returns the digest of the active certificate, without the rest of its chain.
    pub(crate) fn digest(&self) -> Option<Digest> {
        let pair = self.current.load();
        let mut hasher = Sha256::new();
        if let Ok(certificate) = pair.as_ref()?.certified.end_entity_cert() {
            hasher.update(certificate);
        }
        Some(Digest::new(hasher))
    }

    /// Returns the last second of the active certificate.
    pub(crate) fn expiry(&self) -> Option<OffsetDateTime> {
        Some(self.current.load().as_ref()?.validity.leaf_expiry())
    }

    /// Sets the seconds that the clock of the API server is ahead of that of this machine. Dates are compared with the
    /// clock of the API server, because it is the one that rejects certificates.
    pub(crate) fn set_ahead(&self, seconds: i64) {
        self.ahead.store(seconds, Ordering::Relaxed);
    }

    /// Returns the time of the clients.
    pub(super) fn now(&self) -> OffsetDateTime {
        let ahead = Duration::seconds(self.ahead.load(Ordering::Relaxed));
        OffsetDateTime::now_utc().saturating_add(ahead)
    }

    /// Returns the problems that the active certificate has now.
    pub(crate) fn problems(&self) -> Vec<CertificateProblem> {
        let now = self.now();
        let pair = self.current.load();
        pair.as_ref()
            .map_or_else(Vec::new, |pair| pair.validity.problems(now))
    }

    /// Logs the problems that the active certificate has now. A problem is logged once for each pair.
    pub(crate) fn log_problems(&self) {
        let current = self.current.load();
        let Some(pair) = current.as_ref() else { return };
        let mut logged = pair.logged.lock().unwrap_or_else(PoisonError::into_inner);
        let directory = self.dir().map(|dir| dir.display().to_string());
        for problem in pair.validity.problems(self.now()) {
            if !logged.contains(&problem) {
                problem.log(directory.as_deref());
                logged.push(problem);
            }
        }
    }

    /// Returns the active pair.
    pub(super) fn active(&self) -> Guard<Option<Arc<ParsedPair>>> {
        self.current.load()
    }

    /// Returns the active pair in PEM: the chain, and the key.
    pub(crate) fn pem(&self) -> Option<(String, String)> {
        let text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        text.as_ref().map(PairText::pem)
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
        let Some(dir) = &self.dir else {
            return Ok(false);
        };
        let replaced = PairText::read(dir).and_then(|new| self.replace(new));
        replaced.map_err(|reason| PairError {
            dir: dir.clone(),
            reason,
        })
    }

    /// Makes a pair in PEM active for new handshakes. Returns true if it was not active already.
    ///
    /// # Errors
    ///
    /// Returns an error if the pair is not valid, or has worse dates than the active one. The active pair stays.
    pub(crate) fn offer(&self, chain: &str, key: &str) -> Result<bool, PairProblem> {
        self.replace(PairText::new(chain.to_owned(), key.to_owned()))
    }

    fn replace(&self, new: PairText) -> Result<bool, PairProblem> {
        let mut active = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        if active.as_ref() == Some(&new) {
            return Ok(false);
        }
        let pair = new.parse()?;
        let now = self.now();
        if let Some(current) = self.current.load().as_ref()
            && let Some(problem) = pair.validity.worse_than(&current.validity, now)
        {
            return Err(PairProblem::Worse {
                chain: new.chain_name(),
                problem,
            });
        }
        new.warn_of_unused();
        self.current.store(Some(Arc::new(pair)));
        *active = Some(new);
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
        Some(Arc::clone(&self.current.load().as_ref()?.certified))
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
        let shown = |pair: &SharedPair| pair.active().as_ref().unwrap().certified.cert[0].to_vec();
        let first = write(dir.path());
        let certificate = SharedPair::from_dir(dir.path()).unwrap();
        assert_eq!(shown(&certificate), first);
        let second = write(dir.path());
        assert!(certificate.reload().unwrap());
        assert_eq!(shown(&certificate), second);
        assert!(!certificate.reload().unwrap());
    }
}

//! Putting changed rules and key pairs in force while the webhook serves.
//!
//! What is of no use leaves what is in force as it is, and is visible at once: in the log, in a metric and in
//! the body of `/readyz`; once, however often it is looked at.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::JoinSet;

use super::rules::{LoadError, SharedRules};
use super::watch::watch;
use crate::config::{RulesSource, Watched};
use crate::webhook::health::{Health, What};
use crate::webhook::logging;
use crate::webhook::metrics::Metrics;
use crate::webhook::tls::Certificate;

/// Starts to look for changes; dropping what comes back ends it.
pub(crate) fn start(
    source: RulesSource,
    rules: &Arc<SharedRules>,
    certificate: Arc<Certificate>,
    health: &Arc<Health>,
    metrics: &Arc<Metrics>,
) -> JoinSet<()> {
    let mut watches = JoinSet::new();
    let reporter = |what| Reporter {
        what,
        health: Arc::clone(health),
        metrics: Arc::clone(metrics),
        failure: Mutex::new(None),
    };
    let watched = source.watched();
    let rules_look: Arc<dyn Fn() + Send + Sync> = Arc::new(rules_look(source, rules, reporter(What::Rules)));
    for Watched { folder, files } in watched {
        watches.spawn(watch(folder, files, Arc::clone(&rules_look)));
    }
    if let Some(folder) = certificate.folder().map(PathBuf::from) {
        let reporter = reporter(What::Certificate);
        let look = move || match certificate.reload() {
            Ok(true) => reporter.replaced("new connections get the new certificate"),
            Ok(false) => reporter.unchanged(),
            Err(error) => reporter.failed(error.to_string()),
        };
        watches.spawn(watch(folder, Some(Certificate::files()), Arc::new(look)));
    }
    watches
}

/// Looks whether the rules are others now, and puts them in force. Looks that come at one time, from several folders,
/// take turns.
fn rules_look(
    source: RulesSource,
    rules: &Arc<SharedRules>,
    reporter: Reporter,
) -> impl Fn() + Send + Sync + 'static {
    let rules = Arc::clone(rules);
    // The text that was refused last: it is not compiled again and again.
    let refused: Mutex<Option<([u8; 32], String)>> = Mutex::new(None);
    move || {
        let mut refused = refused.lock().unwrap_or_else(PoisonError::into_inner);
        let text = match source.read(rules.limits()) {
            Ok(text) => text,
            Err(error) => return reporter.failed(error.to_string()),
        };
        let digest = text.digest();
        if digest == rules.current().text_digest {
            *refused = None;
            return reporter.unchanged();
        }
        if let Some((known, error)) = &*refused
            && *known == digest
        {
            return reporter.failed(error.clone());
        }
        match rules.replace(text) {
            Ok(old) => {
                *refused = None;
                reporter.replaced(&format!("the rules are those of digest {} now", rules.digest()));
                old.retire();
            }
            Err(error) => {
                if let LoadError::Rejected(set) = &error {
                    logging::findings(&set.findings, &set.sources);
                }
                let line = error.to_string();
                *refused = Some((digest, line.clone()));
                reporter.failed(line);
            }
        }
    }
}

/// Tells what came of a look.
struct Reporter {
    what: What,
    health: Arc<Health>,
    metrics: Arc<Metrics>,
    /// What the last look failed with.
    failure: Mutex<Option<String>>,
}

impl Reporter {
    fn replaced(&self, how: &str) {
        self.metrics.reloaded(self.what, true);
        tracing::info!(what = self.what.as_str(), "reloaded: {how}");
        self.set_failure(None);
    }

    fn unchanged(&self) {
        if self.set_failure(None) {
            tracing::info!(
                what = self.what.as_str(),
                "what is in force is also what is configured again"
            );
        }
    }

    fn failed(&self, error: String) {
        if self.set_failure(Some(error.clone())) {
            self.metrics.reloaded(self.what, false);
            tracing::error!(
                what = self.what.as_str(),
                "not reloaded, so the old stays in force: {error}"
            );
        }
    }

    /// Whether that is something new.
    fn set_failure(&self, new: Option<String>) -> bool {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        if *failure == new {
            return false;
        }
        self.health.set_problem(self.what, new.clone());
        *failure = new;
        true
    }
}

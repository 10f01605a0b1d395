//! Putting changed rules and key pairs in force while the webhook serves.
//!
//! What is of no use leaves what is in force as it is, and is visible at once: in the log, in a metric and in
//! the body of `/readyz`; once, however often it is looked at.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::JoinSet;

use super::certificate::Certificate;
use super::health::{Health, What};
use super::metrics::Metrics;
use super::rules::SharedRules;
use super::watch::watch;
use crate::config::RulesSource;

/// Starts to look for changes; dropping what comes back ends it.
pub(super) fn start(
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
    if let Some((folder, file)) = source.folder_and_file() {
        let (rules, reporter) = (Arc::clone(rules), reporter(What::Rules));
        let look = move || match source.read() {
            Ok(text) if text.digest() == rules.current().text_digest => reporter.unchanged(),
            Ok(text) => {
                let old = rules.replace(text);
                reporter.replaced(&format!("the rules are those of digest {} now", rules.digest()));
                old.retire();
            }
            Err(error) => reporter.failed(error.to_string()),
        };
        watches.spawn(watch(folder, vec![file], Arc::new(look)));
    }
    if let Some(folder) = certificate.folder().map(PathBuf::from) {
        let reporter = reporter(What::Certificate);
        let look = move || match certificate.reload() {
            Ok(true) => reporter.replaced("new connections get the new certificate"),
            Ok(false) => reporter.unchanged(),
            Err(error) => reporter.failed(error.to_string()),
        };
        watches.spawn(watch(folder, Certificate::files(), Arc::new(look)));
    }
    watches
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

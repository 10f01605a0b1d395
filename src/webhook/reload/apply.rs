//! Putting changed rules and key pairs in force while the webhook serves.
//!
//! What is of no use leaves what is in force as it is, and is visible at once: in the log, in a metric and in
//! the body of `/readyz`; once, however often it is looked at.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::JoinSet;

use super::report::Reporter;
use super::rules::{LoadError, SharedRules};
use super::watch::watch;
use crate::config::{RulesSource, Watched};
use crate::webhook::logging;
use crate::webhook::status::{Reloaded, Status};
use crate::webhook::tls::Certificate;

/// Starts to look for changes; dropping what comes back ends it.
pub(crate) fn start(
    source: RulesSource,
    rules: &Arc<SharedRules>,
    certificate: Arc<Certificate>,
    status: &Arc<Status>,
) -> JoinSet<()> {
    let mut watches = JoinSet::new();
    let reporter = |of| Reporter::new(of, Arc::clone(status));
    let watched = source.watched();
    let rules_look: Arc<dyn Fn() + Send + Sync> =
        Arc::new(rules_look(source, rules, reporter(Reloaded::Rules)));
    for Watched { folder, files } in watched {
        watches.spawn(watch(folder, files, Arc::clone(&rules_look)));
    }
    if let Some(folder) = certificate.folder().map(PathBuf::from) {
        let reporter = reporter(Reloaded::Certificate);
        let look = move || {
            reporter.begins();
            match certificate.reload() {
                Ok(true) => {
                    reporter.replaced(certificate.digest(), "new connections get the new certificate");
                }
                Ok(false) => reporter.unchanged(),
                Err(error) => reporter.failed(&error.to_string(), None),
            }
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
    let turn = Mutex::new(());
    move || {
        let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
        reporter.begins();
        let text = match source.read(rules.limits()) {
            Ok(text) => text,
            Err(error) => return reporter.failed(&error.to_string(), None),
        };
        let digest = text.digest();
        if digest == rules.current().digest {
            return reporter.unchanged();
        }
        if reporter.failed_again(digest) {
            // It is not compiled again and again.
            return;
        }
        match rules.replace(text) {
            Ok(old) => {
                reporter.replaced(digest, &format!("the rules are those of digest {digest} now"));
                old.retire();
            }
            Err(error) => {
                if let LoadError::Rejected(set) = &error {
                    logging::findings(&set.findings, &set.sources);
                }
                reporter.failed(&error.to_string(), Some(digest));
            }
        }
    }
}

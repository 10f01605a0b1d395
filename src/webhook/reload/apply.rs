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
use crate::webhook::tls::SharedPair;

/// Starts to look for changes; dropping what comes back ends it.
pub(crate) fn start(
    source: RulesSource,
    rules: &Arc<SharedRules>,
    pair: Arc<SharedPair>,
    status: &Arc<Status>,
) -> JoinSet<()> {
    let mut watches = JoinSet::new();
    let reporter = |object| Reporter::new(object, Arc::clone(status));
    let watched = source.watched();
    let reload_rules: Arc<dyn Fn() + Send + Sync> =
        Arc::new(reload_rules(source, rules, reporter(Reloaded::Rules)));
    for Watched { folder: dir, files } in watched {
        watches.spawn(watch(dir, files, Arc::clone(&reload_rules)));
    }
    if let Some(dir) = pair.dir().map(PathBuf::from) {
        let reporter = reporter(Reloaded::Certificate);
        let reload = move || {
            reporter.begins();
            match pair.reload() {
                Ok(true) => {
                    reporter.replaced(pair.digest(), "new connections get the new certificate");
                }
                Ok(false) => reporter.unchanged(),
                Err(error) => reporter.failed(&error.to_string(), None),
            }
        };
        watches.spawn(watch(dir, Some(SharedPair::files()), Arc::new(reload)));
    }
    watches
}

/// Looks whether the rules are others now, and puts them in force. Looks that come at one time, from several folders,
/// take turns.
fn reload_rules(
    source: RulesSource,
    rules: &Arc<SharedRules>,
    reporter: Reporter,
) -> impl Fn() + Send + Sync + 'static {
    let rules = Arc::clone(rules);
    let one_at_a_time = Mutex::new(());
    move || {
        let _guard = one_at_a_time.lock().unwrap_or_else(PoisonError::into_inner);
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
            Ok(previous) => {
                reporter.replaced(digest, &format!("the rules are those of digest {digest} now"));
                previous.retire();
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

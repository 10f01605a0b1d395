//! Reloads of the rules and the key pair while the webhook serves.
//!
//! If the new version is invalid, the webhook rejects it and keeps the active one. The log, a metric and the body of
//! `/readyz` report a rejected version once, even if it is read many times.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync;
use tokio::task::JoinSet;

use super::report::Reporter;
use super::rules::{LoadError, SharedRules};
use super::watch::watch;
use crate::config::{RulesSource, Watched};
use crate::webhook::conditions::{Conditions, Duty};
use crate::webhook::logging;
use crate::webhook::os::Hangups;
use crate::webhook::status::{Reloaded, Status};
use crate::webhook::tls::{PairProblem, SharedPair};

/// Starts the tasks that reload changed files. Dropping the returned set stops them.
pub(crate) fn start(
    source: RulesSource,
    rules: &Arc<SharedRules>,
    pair: Arc<SharedPair>,
    status: &Arc<Status>,
    conditions: &Arc<Conditions>,
    mut hangups: Hangups,
) -> JoinSet<()> {
    let (ask, asked) = sync::watch::channel(());
    let mut watches = JoinSet::new();
    let reporter = |object| Reporter::new(object, Arc::clone(status));
    let watched = source.watched();
    let reload_rules: Arc<dyn Fn() + Send + Sync> = Arc::new(reload_rules(
        source,
        rules,
        reporter(Reloaded::Rules),
        Arc::clone(conditions),
    ));
    for Watched {
        directory: dir,
        files,
    } in watched
    {
        watches.spawn(watch(dir, files, Arc::clone(&reload_rules), asked.clone()));
    }
    if let Some(dir) = pair.dir().map(PathBuf::from) {
        let reporter = reporter(Reloaded::Certificate);
        let reload = move || {
            reporter.begins();
            match pair.reload() {
                Ok(true) => {
                    if let Some(digest) = pair.digest() {
                        reporter.replaced(digest);
                    }
                }
                Ok(false) => reporter.unchanged(),
                Err(error) => reporter.failed(&error.to_string(), None),
            }
            // The watch calls this every few seconds, so a certificate that expires meanwhile is logged too.
            pair.log_problems();
        };
        watches.spawn(watch(
            dir,
            Some(SharedPair::files()),
            Arc::new(reload),
            asked.clone(),
        ));
    }
    drop(asked);
    watches.spawn(async move {
        loop {
            hangups.next().await;
            tracing::info!(
                signal = "SIGHUP",
                directories = ask.receiver_count(),
                "files are checked now"
            );
            ask.send_replace(());
        }
    });
    watches
}

/// Makes a key pair active that comes from the cluster, and reports it as a reload.
///
/// # Errors
///
/// Returns an error if the pair is not valid, or has worse dates than the active one. The active pair stays.
pub(crate) fn offer_pair(
    pair: &SharedPair,
    status: &Arc<Status>,
    chain: &str,
    key: &str,
) -> Result<(), PairProblem> {
    let reporter = Reporter::new(Reloaded::Certificate, Arc::clone(status));
    let is_first = pair.digest().is_none();
    reporter.begins();
    match pair.offer(chain, key) {
        Ok(true) => {
            if let Some(digest) = pair.digest() {
                if is_first {
                    status.started(Reloaded::Certificate, digest);
                } else {
                    reporter.replaced(digest);
                }
            }
        }
        Ok(false) => reporter.unchanged(),
        Err(error) => {
            reporter.failed(&error.to_string(), None);
            return Err(error);
        }
    }
    // The cluster offers the same pair every few seconds, so a certificate that expires meanwhile is logged too.
    pair.log_problems();
    Ok(())
}

/// Returns a function that reads the rules and, if they have changed, makes them active.
///
/// Several watched directories can call it at the same time. The calls run one after another, because an older set
/// could otherwise replace a newer one.
fn reload_rules(
    source: RulesSource,
    rules: &Arc<SharedRules>,
    reporter: Reporter,
    conditions: Arc<Conditions>,
) -> impl Fn() + Send + Sync + 'static {
    let rules = Arc::clone(rules);
    let one_at_a_time = Mutex::new(());
    move || {
        // A poisoned lock means that a reload panicked; the next one starts from the files again.
        let _guard = one_at_a_time.lock().unwrap_or_else(PoisonError::into_inner);
        reporter.begins();
        let text = match source.read(rules.limits()) {
            Ok(text) => text,
            Err(error) => return reporter.failed(&error.to_string(), None),
        };
        let digest = text.digest();
        // The text has not changed, so neither has the set. A return to the active text ends a failure.
        if digest == rules.current().digest {
            end_last_good(&rules, &conditions);
            return reporter.unchanged();
        }
        if reporter.failed_again(digest) {
            // The files are read every few seconds, and compilation of a large set takes a second.
            return;
        }
        match rules.replace(text) {
            Ok(previous) => {
                end_last_good(&rules, &conditions);
                reporter.replaced(digest);
                // The previous set is freed on this thread, because freeing 100,000 rules on a worker would delay
                // requests.
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

/// Ends the use of the last good set, because the mounted set is active.
fn end_last_good(rules: &SharedRules, conditions: &Conditions) {
    if rules.is_mounted_again() {
        conditions.end(Duty::LastGood);
        tracing::info!("last good set is no longer needed");
    }
}

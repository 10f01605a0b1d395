//! Reloads of the rules, the candidate set and the key pair while the webhook serves.
//!
//! If the new version is invalid, the webhook rejects it and keeps the active one. The log, a metric and the body of
//! `/readyz` report a rejected version once, even if it is read many times.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use imageswap_files::ReadError;
use tokio::sync;
use tokio::task::JoinSet;

use super::log_level::LevelFile;
use super::reading::Reading;
use super::report::Reporter;
use super::rules::{LoadError, PreviousRules, SharedRules};
use super::target::SetTarget;
use super::watch::{Reload, watch};
use crate::config::{Digest, Limits, RulesSource, RulesText, Watched};
use crate::webhook::conditions::{Conditions, Duty};
use crate::webhook::logging;
use crate::webhook::os::{self, Hangups};
use crate::webhook::status::{Reloaded, Status};
use crate::webhook::tls::{PairError, PairProblem, SharedPair};

/// A set of rules that is reloaded.
pub(crate) struct ReloadedSet {
    pub(crate) object: Reloaded,
    pub(crate) source: RulesSource,
    pub(crate) target: Arc<dyn SetTarget>,
}

/// The active set, as the target of reloads.
struct ActiveSet {
    rules: Arc<SharedRules>,
    conditions: Arc<Conditions>,
}

/// Starts the tasks that reload changed files. Dropping the returned set stops them.
pub(crate) fn start(
    sets: Vec<ReloadedSet>,
    pair: Arc<SharedPair>,
    level: Option<Arc<LevelFile>>,
    status: &Arc<Status>,
    mut hangups: Hangups,
) -> JoinSet<()> {
    let (ask, asked) = sync::watch::channel(());
    let mut watches = JoinSet::new();
    let reporter = |object| Reporter::new(object, Arc::clone(status));
    for ReloadedSet {
        object,
        source,
        target,
    } in sets
    {
        let reload = RulesReload {
            source,
            target,
            reporter: reporter(object),
            one_at_a_time: Mutex::default(),
        };
        watches.spawn(watch_rules(reload, asked.clone()));
    }
    if let Some(dir) = pair.dir().map(PathBuf::from) {
        let reload = PairReload {
            pair,
            reporter: reporter(Reloaded::Certificate),
        };
        let files = Some(SharedPair::files());
        watches.spawn(watch(dir, files, Arc::new(reload), asked.clone()));
    }
    if let Some(level) = level {
        watches.spawn(level.follow(asked.clone()));
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

/// Reloads the key pair of a directory.
struct PairReload {
    pair: Arc<SharedPair>,
    reporter: Reporter,
}

impl Reload for PairReload {
    fn reload(&self, reading: &Reading) {
        self.reporter.begins();
        let reloaded = self.pair.reload();
        reading.ends();
        match reloaded {
            Ok(true) => {
                if let Some(digest) = self.pair.digest() {
                    self.reporter.replaced(digest);
                }
            }
            Ok(false) => self.reporter.unchanged(),
            Err(error) => {
                self.reporter.failed(&error.to_string(), None);
            }
        }
        // The watch calls this every few seconds, so a certificate that expires meanwhile is logged too.
        self.pair.log_problems();
    }

    fn report_stuck(&self) {
        if let Some(dir) = self.pair.dir() {
            self.reporter.failed(&PairError::no_answer(dir).to_string(), None);
        }
    }
}

/// Reloads the rules.
///
/// Several watched directories can call it at the same time. The calls run one after another, because an older set
/// could otherwise replace a newer one.
struct RulesReload {
    source: RulesSource,
    target: Arc<dyn SetTarget>,
    reporter: Reporter,
    one_at_a_time: Mutex<()>,
}

impl Reload for RulesReload {
    fn reload(&self, reading: &Reading) {
        // Another watch may compile meanwhile.
        reading.ends();
        // A poisoned lock means that a reload panicked; the next one starts from the files again.
        let _guard = self.one_at_a_time.lock().unwrap_or_else(PoisonError::into_inner);
        self.reporter.begins();
        reading.begins();
        let text = self.source.read(self.target.limits());
        reading.ends();
        match text {
            Ok(text) => self.apply(text),
            Err(error) => {
                // Only once: a set that stays unreadable is read again every few seconds.
                if self.reporter.failed(&error.to_string(), None) {
                    os::release_free_memory();
                }
            }
        }
    }

    fn report_stuck(&self) {
        let error = ReadError::no_answer(&self.source);
        self.reporter.failed(&error.to_string(), None);
    }
}

impl RulesReload {
    /// Makes a text active, unless it is active already.
    fn apply(&self, text: RulesText) {
        let digest = text.digest();
        // The text has not changed, so neither has the set. A return to the active text ends a failure.
        if self.target.digest() == Some(digest) {
            self.target.is_mounted();
            return self.reporter.unchanged();
        }
        if self.reporter.failed_again(digest) {
            // The files are read every few seconds, and compilation of a large set takes a second.
            return;
        }
        match self.target.replace(text) {
            Ok(previous) => {
                self.target.is_mounted();
                if self.reporter.is_first() {
                    self.reporter.started(digest);
                } else {
                    self.reporter.replaced(digest);
                }
                // The previous set is freed on this thread, because freeing 100,000 rules on a worker would delay
                // requests.
                if let Some(previous) = previous {
                    previous.retire();
                }
            }
            Err(error) => {
                if let LoadError::Rejected(set) = &error
                    && !self.reporter.has_findings_of(digest)
                {
                    logging::findings(&set.findings, &set.sources);
                }
                self.reporter.failed(&error.to_string(), Some(digest));
                self.reporter.rejected_for(&error);
                drop(error);
                // As after a success: a set that does not load needs as much memory.
                os::release_free_memory();
            }
        }
    }
}

/// Watches the directories of the rules. Never returns.
async fn watch_rules(reload: RulesReload, asked: sync::watch::Receiver<()>) {
    // To find out which paths are directories blocks, and their volume may not answer.
    let source = reload.source.clone();
    let watched = os::unblock(move || source.watched()).await;
    let reload: Arc<dyn Reload> = Arc::new(reload);
    let mut watches = JoinSet::new();
    for Watched {
        directory: dir,
        files,
    } in watched
    {
        watches.spawn(watch(dir, files, Arc::clone(&reload), asked.clone()));
    }
    drop(asked);
    watches.join_all().await;
}

impl ReloadedSet {
    /// Returns the active set.
    pub(crate) fn active(
        source: RulesSource,
        rules: &Arc<SharedRules>,
        conditions: &Arc<Conditions>,
    ) -> Self {
        Self {
            object: Reloaded::Rules,
            source,
            target: Arc::new(ActiveSet {
                rules: Arc::clone(rules),
                conditions: Arc::clone(conditions),
            }),
        }
    }
}

impl SetTarget for ActiveSet {
    fn limits(&self) -> Limits {
        self.rules.limits()
    }

    fn digest(&self) -> Option<Digest> {
        Some(self.rules.current().digest)
    }

    fn replace(&self, text: RulesText) -> Result<Option<PreviousRules>, LoadError> {
        self.rules.replace(text).map(Some)
    }

    /// Ends the use of the last good set, because the mounted set is active.
    fn is_mounted(&self) {
        if self.rules.is_mounted_again() {
            self.conditions.end(Duty::LastGood);
            tracing::info!("last good set is no longer needed");
        }
    }
}

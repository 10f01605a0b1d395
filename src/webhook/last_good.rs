//! The last good set: a set that was active before, for a start with mounted rules that do not load.
//!
//! Without it, a replica that starts with an invalid file ends. Other replicas keep their previous set, so the file is
//! an outage only days later, when their nodes are drained.

use std::sync::Arc;
use std::time::Duration;

use imageswap_files::{MAX_READ, MayBeGone as _, ReadError};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, timeout_at};

use super::cluster::{Cluster, ClusterError, KeptSet};
use super::conditions::{Conditions, Duty, Readiness};
use super::error::ServeError;
use super::reload::{HOW_TO_WANT_NO_RULES, LoadError, SharedRules};
use super::status::{Reloaded, Status};
use super::{logging, os};
use crate::config::{Digest, Limits, RulesSource, RulesText, SetTexts};

#[cfg(test)]
mod tests;

/// Maximum time in which a start reads the last good set. An API server that restarts is back before.
const READ_TIMEOUT: Duration = Duration::from_secs(10);
/// Pause between two attempts to read it.
const READ_PAUSE: Duration = Duration::from_millis(500);
/// Pause after the first failed attempt to keep a set. It doubles with each attempt.
const KEEP_PAUSE: Duration = Duration::from_secs(1);
/// Longest pause between two attempts to keep a set.
const MAX_KEEP_PAUSE: Duration = Duration::from_secs(300);

/// Returns the first active set: the mounted one or, if it does not load or has no rules, the last good one.
///
/// # Errors
///
/// Returns an error if the mounted set does not load and there is no last good set, or it cannot be read.
pub(super) async fn first_rules(
    source: &RulesSource,
    limits: Limits,
    cluster: Option<&dyn Cluster>,
    status: &Status,
    conditions: &Conditions,
) -> Result<SharedRules, ServeError> {
    let mounted = mounted(source, limits).await;
    if let Ok(rules) = &mounted
        && rules.current().empty.is_none()
    {
        status.started(Reloaded::Rules, rules.current().digest);
        return mounted.map_err(|error| no_rules(error, source));
    }
    let kept = match cluster {
        Some(cluster) => read(cluster, limits).await,
        None => Ok(None),
    };
    match (mounted, kept) {
        (mounted, Ok(Some((rules, kept_at)))) => {
            let error = match mounted {
                Ok(empty) => empty.current().empty_error(),
                Err(error) => error,
            };
            use_last_good(&rules, &error, kept_at.as_deref(), status, conditions);
            Ok(rules)
        }
        (Ok(empty), kept) => {
            let last_good = match (cluster, kept) {
                (None, _) => None,
                (Some(_), Ok(_)) => Some("the cluster keeps no last good set".to_owned()),
                (Some(_), Err(reason)) => Some(reason),
            };
            tracing::warn!(
                rules = %source,
                reason = empty.current().empty,
                last_good,
                "started without rules, so every image stays as it is; {HOW_TO_WANT_NO_RULES}"
            );
            status.started(Reloaded::Rules, empty.current().digest);
            Ok(empty)
        }
        (Err(error), Ok(None)) => {
            log_findings(&error);
            Err(no_rules(error, source))
        }
        (Err(error), Err(reason)) => {
            log_findings(&error);
            Err(ServeError::NoLastGood(Box::new(no_rules(error, source)), reason))
        }
    }
}

/// Reads and compiles the mounted set.
async fn mounted(source: &RulesSource, limits: Limits) -> Result<SharedRules, LoadError> {
    let read = source.clone();
    let text = os::unblock_within(MAX_READ, move || read.read(limits)).await;
    let text = text.unwrap_or_else(|| Err(ReadError::no_answer(source).into()))?;
    os::unblock(move || SharedRules::mounted(text, limits)).await
}

/// Keeps each set that becomes active as the last good one. Never returns.
pub(super) async fn keep(cluster: Arc<dyn Cluster>, rules: Arc<SharedRules>, conditions: Arc<Conditions>) {
    loop {
        if let Some((texts, digest)) = set_to_keep(&rules) {
            tokio::select! {
                () = keep_one(cluster.as_ref(), texts, digest, &conditions) => {}
                // The next set is as good, and newer.
                () = rules.changed() => continue,
            }
        }
        rules.changed().await;
    }
}

/// Returns the texts of the active set. `None` for the last good set itself, and for an empty set, which is more often
/// a mistake than intended.
fn set_to_keep(rules: &SharedRules) -> Option<(SetTexts, Digest)> {
    let current = rules.current();
    (!rules.is_last_good() && current.empty.is_none()).then(|| (current.texts.clone(), current.digest))
}

/// Keeps a set, with as many attempts as it takes.
async fn keep_one(cluster: &dyn Cluster, texts: SetTexts, digest: Digest, conditions: &Conditions) {
    let compressed = spawn_blocking(move || os::with_low_priority(|| texts.to_stored())).await;
    let set = match compressed {
        Ok(Ok(set)) => set,
        Ok(Err(error)) => {
            let text = format!("the active set is not kept: {error}");
            return conditions.report(Duty::LastGood, Readiness::Ready, text);
        }
        Err(error) => return tracing::error!(%error, "compression of the set panicked"),
    };
    let digest = digest.to_string();
    let mut pause = KEEP_PAUSE;
    loop {
        match keep_unless_kept(cluster, &set, &digest).await {
            Ok(was_kept) => {
                conditions.end(Duty::LastGood);
                let bytes = set.len();
                if was_kept {
                    tracing::debug!(digest, "last good set is kept already");
                } else {
                    tracing::info!(digest, bytes, "last good set kept");
                }
                return;
            }
            Err(error) => {
                let text = format!("the active set is not kept: {error}");
                conditions.report(Duty::LastGood, Readiness::Ready, text);
            }
        }
        sleep(pause).await;
        pause = (pause * 2).min(MAX_KEEP_PAUSE);
    }
}

/// Keeps a set unless the cluster has it. Returns true if it has.
async fn keep_unless_kept(cluster: &dyn Cluster, set: &[u8], digest: &str) -> Result<bool, ClusterError> {
    let kept = cluster.last_good().await?;
    if kept.is_some_and(|kept| kept.digest.as_deref() == Some(digest) && kept.bytes == set) {
        return Ok(true);
    }
    cluster.keep(set, digest).await.map(|()| false)
}

/// Reads the last good set, and compiles it. `None` if the cluster keeps none.
async fn read(
    cluster: &dyn Cluster,
    limits: Limits,
) -> Result<Option<(SharedRules, Option<String>)>, String> {
    let Some(kept) = get(cluster).await? else {
        return Ok(None);
    };
    let KeptSet { bytes, kept_at, .. } = kept;
    let rules = RulesText::from_stored(&bytes)
        .map_err(|error| error.to_string())
        .and_then(|text| {
            SharedRules::last_good(text, limits).map_err(|error| {
                log_findings(&error);
                error.to_string()
            })
        });
    rules.map(|rules| Some((rules, kept_at)))
}

/// Gets the last good set. It tries again for a while, because a node that starts can be faster than its API server.
async fn get(cluster: &dyn Cluster) -> Result<Option<KeptSet>, String> {
    let deadline = Instant::now() + READ_TIMEOUT;
    let mut last = "the API server did not answer in time".to_owned();
    let attempts = async {
        loop {
            match cluster.last_good().await {
                Ok(kept) => return Ok(kept),
                Err(error) if error.is_passing => last = error.text,
                Err(error) => return Err(error.text),
            }
            sleep(READ_PAUSE).await;
        }
    };
    match timeout_at(deadline, attempts).await {
        Ok(result) => result,
        Err(_) => Err(last),
    }
}

fn use_last_good(
    rules: &SharedRules,
    error: &LoadError,
    kept_at: Option<&str>,
    status: &Status,
    conditions: &Conditions,
) {
    log_findings(error);
    let active = rules.current().digest;
    let text = error.to_string();
    tracing::error!(
        what = Reloaded::Rules.as_str(),
        error = text,
        "mounted rules rejected"
    );
    tracing::warn!(%active, kept_at, "last good set became active");
    status.started(Reloaded::Rules, active);
    status.failed(Reloaded::Rules, &text, error.digest());
    status.rejected_for(Reloaded::Rules, error.findings());
    let since = kept_at
        .map(|time| format!(", kept at {time}"))
        .unwrap_or_default();
    let text = format!("active{since}, because the mounted rules are rejected");
    conditions.set(Duty::LastGood, Readiness::Ready, text);
}

fn log_findings(error: &LoadError) {
    if let LoadError::Rejected(set) = error {
        logging::findings(&set.findings, &set.sources);
    }
}

/// Returns the error for a first set that is missing or rejected.
fn no_rules(error: LoadError, source: &RulesSource) -> ServeError {
    match (&error, source) {
        (LoadError::Read(read), RulesSource::MapFile(_)) if read.is_gone() => ServeError::NoMap(error),
        _ => ServeError::Rules(error),
    }
}

//! The ConfigMap with the entries, as it was seen last. Both configurations share it.

use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use kube::core::DynamicObject;
use tokio::sync::watch;
use tokio::time::{Instant, interval};

use super::disarm::Disarming;
use super::last_error::LastError;
use crate::kubernetes::client::ObjectClient;
use crate::kubernetes::error::ApiError;
use crate::kubernetes::object::Object;

/// The interval at which everything is read again, for the case that a watch has missed something.
pub(super) const TICK: Duration = Duration::from_secs(30);

/// The ConfigMap with the entries.
#[derive(Debug)]
pub(super) struct EntriesMap<'a> {
    client: &'a ObjectClient,
    seen: watch::Sender<EntriesSeen>,
    error: Mutex<LastError>,
}

/// The ConfigMap with the entries as it was seen last.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct EntriesSeen {
    pub(super) state: EntriesState,
    /// A right that is missing to read it.
    pub(super) problem: Option<String>,
}

/// The state of the ConfigMap with the entries.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum EntriesState {
    /// It has not been read yet.
    Unknown,
    /// It is not used: the entries of the configurations are yours.
    Unused,
    /// It does not exist.
    Missing,
    /// It exists.
    Exists(Box<DynamicObject>),
}

impl<'a> EntriesMap<'a> {
    /// Returns the ConfigMap before it has been read, or one that is not used.
    pub(super) fn new(client: &'a ObjectClient, is_used: bool) -> Self {
        let state = if is_used {
            EntriesState::Unknown
        } else {
            tracing::info!(
                reason = "--disable-auto-mwc is set",
                "entries of the webhook configurations kept"
            );
            EntriesState::Unused
        };
        Self {
            client,
            seen: watch::Sender::new(EntriesSeen { state, problem: None }),
            error: Mutex::default(),
        }
    }

    /// Returns a receiver of the state.
    pub(super) fn seen(&self) -> watch::Receiver<EntriesSeen> {
        self.seen.subscribe()
    }

    /// Follows the ConfigMap. Never returns.
    pub(super) async fn follow(&self, disarming: &Disarming) {
        if !self.is_used() {
            std::future::pending::<()>().await;
        }
        let mut objects = pin!(self.client.watch(Object::Entries));
        let mut ticks = interval(TICK);
        loop {
            tokio::select! {
                Some(found) = objects.next() => {
                    let is_gone = matches!(found, Ok(None));
                    self.see(false, found);
                    if is_gone {
                        // Perhaps the Namespace is being deleted. The ServiceAccount goes with it, so this replica has
                        // little time left. If it fails, the keepers check the Namespace again.
                        let _ = disarming.check(self.client).await;
                    }
                }
                _ = ticks.tick() => {
                    self.read().await;
                }
            }
        }
    }

    /// Reads the ConfigMap now, since a watch may be late: with old entries, two replicas would undo each other's
    /// changes. Returns false if it cannot be read for now.
    pub(super) async fn read(&self) -> bool {
        if !self.is_used() {
            return true;
        }
        let found = self.client.get(Object::Entries).await;
        // Without the right, the watch knows it, or nothing does.
        let is_known = found.as_ref().err().is_none_or(ApiError::is_forbidden);
        self.see(true, found);
        is_known
    }

    fn is_used(&self) -> bool {
        self.seen.borrow().state != EntriesState::Unused
    }

    fn see(&self, is_read: bool, found: Result<Option<DynamicObject>, ApiError>) {
        let mut last = self.error.lock().unwrap_or_else(PoisonError::into_inner);
        let mut new = self.seen.borrow().clone();
        match found {
            Ok(object) => {
                if is_read {
                    last.got()
                } else {
                    last.watched()
                }
                new.state = object.map_or(EntriesState::Missing, |object| {
                    EntriesState::Exists(Box::new(object))
                });
            }
            Err(error) => last.record(error, Instant::now()),
        }
        let error = last.current(Instant::now()).filter(|error| error.is_forbidden());
        new.problem = error.map(ToString::to_string);
        self.seen.send_if_modified(|seen| {
            if new.state == EntriesState::Missing && seen.state != new.state {
                tracing::info!(
                    reason = format!("there is no ConfigMap {}", self.client.names().entries),
                    "entries of the webhook configurations kept"
                );
            }
            let is_new = *seen != new;
            *seen = new;
            is_new
        });
    }
}

//! The ConfigMap with the entries, as it was seen last. Both configurations share it.

use std::pin::pin;

use futures_util::StreamExt as _;
use kube::core::DynamicObject;
use tokio::sync::watch;

use super::disarm::Disarming;
use crate::kubernetes::client::ObjectClient;
use crate::kubernetes::error::ApiError;
use crate::kubernetes::object::Object;

/// The ConfigMap with the entries.
#[derive(Debug)]
pub(super) struct EntriesMap<'a> {
    client: &'a ObjectClient,
    seen: watch::Sender<EntriesSeen>,
}

/// The state of the ConfigMap with the entries.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum EntriesSeen {
    /// It has not been read yet.
    Unknown,
    /// It is not used: the entries of the configurations are yours.
    Unused,
    /// The object, or `None` if it does not exist.
    Object(Option<Box<DynamicObject>>),
    /// It cannot be read; the problem.
    Failed(String),
}

impl<'a> EntriesMap<'a> {
    /// Returns the ConfigMap before it has been read, or one that is not used.
    pub(super) fn new(client: &'a ObjectClient, is_used: bool) -> Self {
        let seen = if is_used {
            EntriesSeen::Unknown
        } else {
            tracing::info!(
                reason = "--disable-auto-mwc is set",
                "entries of the webhook configurations kept"
            );
            EntriesSeen::Unused
        };
        Self {
            client,
            seen: watch::Sender::new(seen),
        }
    }

    /// Returns a receiver of the state.
    pub(super) fn seen(&self) -> watch::Receiver<EntriesSeen> {
        self.seen.subscribe()
    }

    /// Follows the ConfigMap. Never returns.
    pub(super) async fn follow(&self, disarming: &Disarming) {
        if self.is_used() {
            let mut objects = pin!(self.client.watch(Object::Entries));
            while let Some(found) = objects.next().await {
                let is_gone = matches!(found, Ok(None));
                self.see(found);
                if is_gone {
                    // Perhaps the Namespace is being deleted. The ServiceAccount goes with it, so this replica has
                    // little time left. If it fails, the keepers check the Namespace again.
                    let _ = disarming.check(self.client).await;
                }
            }
        }
        std::future::pending().await
    }

    /// Reads the ConfigMap now, since a watch may be late: with old entries, two replicas would undo each other's
    /// changes.
    pub(super) async fn read(&self) {
        if self.is_used() {
            self.see(self.client.get(Object::Entries).await);
        }
    }

    fn is_used(&self) -> bool {
        *self.seen.borrow() != EntriesSeen::Unused
    }

    fn see(&self, found: Result<Option<DynamicObject>, ApiError>) {
        let new = match found {
            Ok(object) => EntriesSeen::Object(object.map(Box::new)),
            Err(error) if error.is_forbidden() => EntriesSeen::Failed(error.to_string()),
            // What is known is still valid, since the client tries again.
            Err(_) => return,
        };
        let is_missing = new.is_missing();
        let is_new = self.seen.send_if_modified(|seen| {
            let is_new = *seen != new;
            *seen = new;
            is_new
        });
        if is_new && is_missing {
            tracing::info!(
                reason = format!("there is no ConfigMap {}", self.client.names().entries),
                "entries of the webhook configurations kept"
            );
        }
    }
}

impl EntriesSeen {
    /// Returns true if the ConfigMap does not exist.
    pub(super) fn is_missing(&self) -> bool {
        matches!(self, Self::Object(None))
    }
}

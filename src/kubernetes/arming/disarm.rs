//! Disarming, when the Namespace of the webhook is deleted: entries that call its Service would block Pods.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::configuration::WebhookConfiguration;
use super::namespace::Namespace;
use crate::kubernetes::client::ObjectClient;
use crate::kubernetes::error::ApiError;
use crate::kubernetes::object::Object;

/// The time for which requests are repeated. The Service has endpoints for about as long.
const DEADLINE: Duration = Duration::from_secs(6);
const DELAY: Duration = Duration::from_millis(200);

/// Interval of the looks at the Namespace while a replica ends.
const LOOK: Duration = Duration::from_secs(1);

/// The state of disarming. While the Namespace is being deleted, nothing is armed.
#[derive(Debug, Default)]
pub(in crate::kubernetes) struct Disarming {
    has_begun: AtomicBool,
    is_ending: AtomicBool,
    /// True for each kind that has no entry any more.
    mutating: AtomicBool,
    validating: AtomicBool,
}

impl Disarming {
    /// Returns true if nothing may be armed: the Namespace is being deleted, or this replica ends. The others keep the
    /// entries then, perhaps by newer settings.
    pub(super) fn forbids_arming(&self) -> bool {
        self.has_begun() || self.is_ending.load(Ordering::Relaxed)
    }

    fn has_begun(&self) -> bool {
        self.has_begun.load(Ordering::Relaxed)
    }

    /// Returns the state of the Namespace, and disarms if it is being deleted. A kind that cannot be disarmed is tried
    /// again with the next call.
    pub(super) async fn check(&self, client: &ObjectClient) -> Result<Namespace, ApiError> {
        let mut namespace = Namespace::get(client).await?;
        if namespace == Namespace::Absent {
            // A replica sees its Namespace being deleted before it is gone, so one answer is not enough.
            sleep(LOOK).await;
            namespace = Namespace::get(client).await?;
        }
        match namespace {
            Namespace::Exists(_) => {
                if self.has_begun.swap(false, Ordering::Relaxed) {
                    self.mutating.store(false, Ordering::Relaxed);
                    self.validating.store(false, Ordering::Relaxed);
                }
            }
            Namespace::Deleted | Namespace::Absent => {
                self.has_begun.store(true, Ordering::Relaxed);
                tokio::join!(
                    disarm(client, Object::Mutating, &self.mutating),
                    disarm(client, Object::Validating, &self.validating)
                );
            }
        }
        Ok(namespace)
    }

    /// Looks at the Namespace while this replica ends: its deletion may follow that of the Deployment a moment later. Returns
    /// once it has disarmed, and else never.
    pub(in crate::kubernetes) async fn shut_down(&self, client: &ObjectClient) {
        self.is_ending.store(true, Ordering::Relaxed);
        loop {
            match self.check(client).await {
                Ok(_) if self.is_done() => return,
                Ok(_) => {}
                Err(error) if error.is_forbidden() => {
                    tracing::warn!(%error, "deletion of the Namespace not checked");
                    return;
                }
                Err(error) => tracing::debug!(%error, "deletion of the Namespace not checked yet"),
            }
            sleep(LOOK).await;
        }
    }

    /// Returns true if it has begun, and not ended.
    pub(in crate::kubernetes) fn is_under_way(&self) -> bool {
        self.has_begun() && !self.is_done()
    }

    fn is_done(&self) -> bool {
        self.mutating.load(Ordering::Relaxed) && self.validating.load(Ordering::Relaxed)
    }
}

/// Removes the entries that call the Service, and repeats requests that fail for a few seconds.
async fn disarm(client: &ObjectClient, configuration: Object, is_done: &AtomicBool) {
    if is_done.load(Ordering::Relaxed) {
        return;
    }
    let (kind, name) = (configuration.kind(), configuration.name(client.names()));
    let end = Instant::now() + DEADLINE;
    loop {
        match remove_entries(client, configuration).await {
            Ok(false) => return is_done.store(true, Ordering::Relaxed),
            Ok(true) => {
                is_done.store(true, Ordering::Relaxed);
                tracing::warn!(
                    kind,
                    name,
                    reason = "the Namespace of the webhook is being deleted",
                    "webhook configuration disarmed"
                );
                return;
            }
            Err(error) if Instant::now() >= end || error.is_forbidden() => {
                tracing::warn!(kind, name, %error, "webhook configuration not disarmed");
                // Without the right, another attempt would fail too, and the end of this replica would wait for it.
                return is_done.store(error.is_forbidden(), Ordering::Relaxed);
            }
            Err(_) => sleep(DELAY).await,
        }
    }
}

/// Removes the entries that call the Service. Returns true if there were any.
async fn remove_entries(client: &ObjectClient, configuration: Object) -> Result<bool, ApiError> {
    let Some(object) = client.get(configuration).await? else {
        return Ok(false);
    };
    match WebhookConfiguration::new(&object, client.names()).disarmed() {
        None => Ok(false),
        Some(patch) => client.merge(configuration, &patch).await.map(|_| true),
    }
}

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

/// The state of disarming. Once it has begun, nothing is armed again.
#[derive(Debug, Default)]
pub(in crate::kubernetes) struct Disarming(AtomicBool);

impl Disarming {
    /// Returns true if the Namespace is being deleted.
    pub(super) fn has_begun(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Returns the state of the Namespace, and disarms if it is being deleted.
    pub(super) async fn check(&self, client: &ObjectClient) -> Result<Namespace, ApiError> {
        let namespace = Namespace::get(client).await?;
        if namespace == Namespace::Deleted && !self.0.swap(true, Ordering::Relaxed) {
            tokio::join!(
                disarm(client, Object::Mutating),
                disarm(client, Object::Validating)
            );
        }
        Ok(namespace)
    }

    /// Checks the Namespace at the end of this replica, and repeats requests that fail for a few seconds.
    pub(in crate::kubernetes) async fn shut_down(&self, client: &ObjectClient) {
        let end = Instant::now() + DEADLINE;
        while let Err(error) = self.check(client).await {
            if Instant::now() >= end || error.is_forbidden() {
                tracing::warn!(%error, "deletion of the Namespace not checked");
                return;
            }
            sleep(DELAY).await;
        }
    }
}

/// Removes the entries that call the Service, and repeats requests that fail for a few seconds.
async fn disarm(client: &ObjectClient, configuration: Object) {
    let (kind, name) = (configuration.kind(), configuration.name(client.names()));
    let end = Instant::now() + DEADLINE;
    loop {
        match remove_entries(client, configuration).await {
            Ok(false) => return,
            Ok(true) => {
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
                return;
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

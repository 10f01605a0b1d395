//! The access to the cluster that the webhook has.

use async_trait::async_trait;

use super::certificates;
use super::client::ObjectClient;
use super::settings::ClusterSettings;
use super::trust::Trust;
use crate::webhook::{Cluster, Handles};

/// The cluster that the Pod of the webhook runs in.
#[derive(Debug)]
pub(crate) struct InCluster {
    client: ObjectClient,
    settings: ClusterSettings,
    trust: Trust,
}

impl InCluster {
    /// Returns the access that the ServiceAccount of the Pod gives.
    ///
    /// # Errors
    ///
    /// Returns the causes if the address of the API server, the token or the CA is missing or cannot be read.
    pub(crate) fn new(settings: ClusterSettings) -> Result<Self, String> {
        Ok(Self {
            client: ObjectClient::in_cluster(settings.names.clone())?,
            settings,
            trust: Trust::default(),
        })
    }
}

#[async_trait]
impl Cluster for InCluster {
    async fn run(&self, webhook: Handles) {
        certificates::run(&self.client, &self.settings, &self.trust, &webhook).await;
    }

    async fn shut_down(&self) {}
}

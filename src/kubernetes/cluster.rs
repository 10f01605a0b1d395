//! The access to the cluster that the webhook has.

use async_trait::async_trait;

use super::arming::{self, Disarming};
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
    disarming: Disarming,
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
            disarming: Disarming::default(),
        })
    }
}

#[async_trait]
impl Cluster for InCluster {
    async fn run(&self, webhook: Handles) {
        let Self {
            client,
            settings,
            trust,
            disarming,
        } = self;
        let arm = async {
            if settings.arms() {
                arming::run(client, settings, trust, disarming, &webhook.conditions).await;
            }
        };
        tokio::join!(certificates::run(client, settings, trust, &webhook), arm);
    }

    async fn shut_down(&self) {
        if self.settings.arms() {
            self.disarming.shut_down(&self.client).await;
        }
    }
}

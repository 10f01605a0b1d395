//! The access to the cluster that the webhook has.

use async_trait::async_trait;

use super::arming::{self, Disarming};
use super::certificates;
use super::client::ObjectClient;
use super::last_good;
use super::settings::ClusterSettings;
use super::trust::Trust;
use crate::webhook::{Cluster, ClusterError, Handles, KeptSet};

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

    /// Returns the client of the API server.
    pub(super) fn client(&self) -> &ObjectClient {
        &self.client
    }

    /// Returns the trust that the tasks share.
    pub(super) fn trust(&self) -> &Trust {
        &self.trust
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

    fn must_not_end_yet(&self) -> bool {
        self.disarming.is_under_way()
    }

    async fn last_good(&self) -> Result<Option<KeptSet>, ClusterError> {
        last_good::get(&self.client).await
    }

    async fn keep(&self, set: &[u8], digest: &str) -> Result<(), ClusterError> {
        last_good::keep(&self.client, set, digest).await
    }
}

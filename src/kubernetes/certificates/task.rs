//! The task that keeps the certificates.

use super::own;
use super::self_managed::SelfManaged;
use crate::kubernetes::client::ObjectClient;
use crate::kubernetes::settings::{Certificates, ClusterSettings};
use crate::kubernetes::trust::Trust;
use crate::webhook::Handles;

/// Keeps the key pair, and the certificates that `caBundle` must have. Never returns.
pub(in crate::kubernetes) async fn run(
    client: &ObjectClient,
    settings: &ClusterSettings,
    trust: &Trust,
    webhook: &Handles,
) {
    match &settings.certificates {
        Certificates::SelfManaged => SelfManaged::new(client, trust, webhook).run().await,
        Certificates::OwnPair => own::run(client, trust, webhook).await,
        Certificates::Csr(_) | Certificates::Directory => std::future::pending().await,
    }
}

//! The task that keeps the certificates.

use std::time::Duration;

use tokio::time::sleep;

use super::ca_file;
use super::context::SecretContext;
use super::csr::Csr;
use super::report::CertificateReport;
use super::secret_task::{SecretMode, SecretTask};
use super::self_managed::SelfManaged;
use crate::kubernetes::client::ObjectClient;
use crate::kubernetes::settings::{Certificates, ClusterSettings, Predecessor};
use crate::kubernetes::trust::Trust;
use crate::webhook::Handles;

/// Time between two comparisons of the clocks.
const CLOCK_INTERVAL: Duration = Duration::from_secs(5);
/// Text for the mode csr without a CA.
const NO_CA_FILE: &str = "caBundle of the webhook configurations is yours, because a signer does not publish its CA; \
                          set --ca-file to have the webhook keep it";

/// Keeps the key pair, and the certificates that `caBundle` must have. Never returns.
pub(in crate::kubernetes) async fn run(
    client: &ObjectClient,
    settings: &ClusterSettings,
    trust: &Trust,
    webhook: &Handles,
) {
    let report = CertificateReport::new(&webhook.conditions);
    let mode = match &settings.certificates {
        Certificates::SelfManaged => Some(SecretMode::SelfManaged(SelfManaged::default())),
        Certificates::Csr(signer) => {
            let approves = settings.predecessor == Some(Predecessor::InitContainer);
            Some(SecretMode::Csr(Csr::new(signer, approves)))
        }
        Certificates::Directory => None,
    };
    let keep_pair = async {
        if let Some(mode) = mode {
            let context = SecretContext::new(client, trust, webhook, settings);
            SecretTask::new(context, mode).run().await;
        }
    };
    let keep_bundle = async {
        match settings.bundle_file() {
            Some(file) => ca_file::keep(file, trust, &report).await,
            None if !settings.arms() && settings.certificates != Certificates::Directory => {
                report.bundle(Some(NO_CA_FILE.to_owned()));
            }
            None => {}
        }
    };
    tokio::join!(keep_pair, keep_bundle, watch_clock(client, webhook, &report));
}

/// Compares the clocks. It makes no request, but every mode makes some.
async fn watch_clock(client: &ObjectClient, webhook: &Handles, report: &CertificateReport<'_>) {
    loop {
        let ahead = client.clock().ahead();
        webhook.pair.set_ahead(ahead);
        report.clock(ahead);
        sleep(CLOCK_INTERVAL).await;
    }
}

//! The task that keeps the certificates.

use std::path::Path;
use std::time::Duration;

use tokio::time::sleep;

use super::ca_file;
use super::context::SecretContext;
use super::csr::Csr;
use super::own::OwnPair;
use super::own_authority::keep_authority_of_signer;
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
    let file = settings.ca_file.as_deref();
    let context = |arms| SecretContext::new(client, trust, webhook, arms);
    let report = CertificateReport::new(&webhook.conditions);
    let keep_pair = async {
        match &settings.certificates {
            Certificates::SelfManaged => {
                let mode = SecretMode::SelfManaged(SelfManaged::default());
                SecretTask::new(context(true), mode).run().await;
            }
            Certificates::Csr(signer) => {
                let approves = settings.predecessor == Some(Predecessor::InitContainer);
                let mode = SecretMode::Csr(Csr::new(signer, approves));
                let task = SecretTask::new(context(settings.arms()), mode).run();
                if file.is_some() {
                    task.await;
                } else if settings.predecessor.is_some() {
                    let context = context(true);
                    tokio::join!(task, keep_authority_of_signer(&context, &report, signer));
                } else {
                    report.bundle(Some(NO_CA_FILE.to_owned()));
                    task.await;
                }
            }
            Certificates::OwnPair => {
                let mode = SecretMode::OwnPair(OwnPair::default());
                SecretTask::new(context(true), mode).run().await;
            }
            Certificates::Directory => {}
        }
    };
    tokio::join!(
        keep_pair,
        keep_bundle(file, settings, trust, &report),
        watch_clock(client, webhook, &report)
    );
}

async fn keep_bundle(
    file: Option<&Path>,
    settings: &ClusterSettings,
    trust: &Trust,
    report: &CertificateReport<'_>,
) {
    // In the mode self-managed, the CA is in the Secret.
    if let Some(file) = file
        && settings.certificates != Certificates::SelfManaged
    {
        ca_file::keep(file, trust, report).await;
    }
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

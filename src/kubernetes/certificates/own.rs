//! A pair of the user in the Secret, which v1.5.3 marks with an annotation. The webhook follows it, and writes nothing.

use std::pin::pin;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt as _;
use tokio::time::{Instant, sleep_until};

use super::authority::{PemPair, ServiceHosts};
use super::context::TICK;
use super::moment::Moment;
use super::pair::UsablePair;
use super::report::{CertificateReport, absent_secret};
use super::stored::StoredSecret;
use crate::kubernetes::client::ObjectClient;
use crate::kubernetes::error::ApiError;
use crate::kubernetes::object::Object;
use crate::kubernetes::trust::Trust;
use crate::webhook::Handles;

/// The key of the CA certificates in the Secret for them.
const ROOT: &str = "rootca.pem";

/// Follows the Secret. Never returns.
pub(super) async fn run(client: &ObjectClient, trust: &Trust, webhook: &Handles) {
    let names = client.names();
    let hosts = ServiceHosts::new(&names.service, &names.namespace);
    let mut report = CertificateReport::new(&webhook.conditions);
    let mut events = pin!(client.watch(Object::Secret));
    let mut watch_problem: Option<String> = None;
    loop {
        let tick = Instant::now() + TICK;
        let problem = look(client, webhook)
            .await
            .unwrap_or_else(|error| Some(error.to_string()));
        match root(client).await {
            Ok(Some(bundle)) => {
                trust.want(&bundle);
                report.bundle(None);
            }
            Ok(None) => report.bundle(Some(format!(
                "caBundle is yours to keep: the Secret {} has no CA certificates at {ROOT}",
                Object::OwnAuthority.name(names)
            ))),
            Err(error) => report.bundle(Some(error.to_string())),
        }
        let active = webhook
            .pair
            .pem()
            .and_then(|(chain, key)| UsablePair::parse(PemPair { chain, key }));
        let moment = Moment::new(client.now(), time::OffsetDateTime::now_utc());
        report.settle(
            active.as_ref(),
            None,
            &hosts,
            moment.now(),
            problem.or_else(|| watch_problem.clone()),
        );
        tokio::select! {
            event = events.next() => watch_problem = match event {
                Some(Err(error)) => Some(error.to_string()),
                Some(Ok(_)) | None => None,
            },
            () = sleep_until(tick) => {}
        }
    }
}

/// Makes the pair of the Secret active. Returns the problem that it has.
async fn look(client: &ObjectClient, webhook: &Handles) -> Result<Option<String>, ApiError> {
    let Some(secret) = client.get(Object::Secret).await? else {
        return Ok(Some(absent_secret(client.names())));
    };
    webhook.pair.set_ahead(client.clock().ahead());
    let Some(pair) = StoredSecret::read(&secret).pair() else {
        let name = &client.names().secret;
        return Ok(Some(format!(
            "the Secret {name} has no pair of cert.pem and key.pem"
        )));
    };
    Ok(webhook
        .offer_pair(&pair.chain, &pair.key)
        .err()
        .map(|error| error.to_string()))
}

/// Returns the CA certificates, in PEM.
async fn root(client: &ObjectClient) -> Result<Option<String>, ApiError> {
    let secret = client.get(Object::OwnAuthority).await?;
    Ok(secret.and_then(|secret| {
        let encoded = secret.data["data"][ROOT].as_str()?;
        String::from_utf8(STANDARD.decode(encoded).ok()?).ok()
    }))
}

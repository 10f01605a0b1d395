//! The CA certificates for `caBundle` that v1.5.3 has: those of the user in a Secret, or those of the API server.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imageswap_files::read;
use tokio::time::sleep;

use super::certificate::{MAX_TEXT, ReadCertificate, all_authorities, bundle};
use super::context::SecretContext;
use super::pair::UsablePair;
use super::report::CertificateReport;
use crate::kubernetes::client::ObjectClient;
use crate::kubernetes::error::ApiError;
use crate::kubernetes::object::Object;

/// The key of the CA certificates in the Secret for them.
pub(super) const OWN_AUTHORITY_KEY: &str = "rootca.pem";
/// The CA certificates of the API server, in the directory in which every cluster mounts them.
const OF_API_SERVER: &str = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt";
/// Time between two looks.
const LOOK: Duration = Duration::from_secs(2);

/// Returns the CA certificates of the user's Secret, or the reason why there are none.
pub(super) async fn read_own_authority(
    client: &ObjectClient,
) -> Result<Result<Vec<ReadCertificate>, String>, ApiError> {
    let name = Object::OwnAuthority.name(client.names());
    let secret = client.get(Object::OwnAuthority).await?;
    let encoded = secret
        .as_ref()
        .and_then(|secret| secret.data["data"][OWN_AUTHORITY_KEY].as_str());
    let Some(encoded) = encoded.filter(|encoded| encoded.len() <= 2 * MAX_TEXT) else {
        return Ok(Err(format!(
            "caBundle is yours to keep: the Secret {name} has no CA certificates at {OWN_AUTHORITY_KEY}"
        )));
    };
    let text = STANDARD
        .decode(encoded)
        .ok()
        .and_then(|text| String::from_utf8(text).ok());
    let found = text
        .and_then(|text| all_authorities(&text))
        .filter(|found| !found.is_empty());
    Ok(found.ok_or_else(|| {
        format!("{OWN_AUTHORITY_KEY} of the Secret {name} is not a list of CA certificates in PEM format")
    }))
}

/// Keeps what `caBundle` must have for certificates of a signer: the CA of the user's Secret, or that of the API server
/// if it signed the pair. Never returns.
pub(super) async fn keep_authority_of_signer(
    context: &SecretContext<'_>,
    report: &CertificateReport<'_>,
    signer: &str,
) {
    loop {
        match authority_of_signer(context, signer).await {
            Ok(Some(authorities)) => {
                context.trust.want(&bundle(&authorities));
                report.bundle(None);
            }
            Ok(None) => {}
            Err(problem) => report.bundle(Some(problem)),
        }
        sleep(LOOK).await;
    }
}

/// Returns the CA certificates. `None` before the first pair.
async fn authority_of_signer(
    context: &SecretContext<'_>,
    signer: &str,
) -> Result<Option<Vec<ReadCertificate>>, String> {
    let own = read_own_authority(context.client).await;
    if let Ok(found) = own.map_err(|error| error.to_string())? {
        return Ok(Some(found));
    }
    let Some(active) = context.active().and_then(UsablePair::parse) else {
        return Ok(None);
    };
    let of_api_server = read(Path::new(OF_API_SERVER), MAX_TEXT as u64).ok();
    let of_api_server = of_api_server
        .and_then(|text| all_authorities(&text))
        .unwrap_or_default();
    if active.is_accepted(&of_api_server, &context.hosts, context.moment().now()) {
        return Ok(Some(of_api_server));
    }
    let secret = Object::OwnAuthority.name(context.client.names());
    Err(format!(
        "the CA of the signer {signer} is not that of the API server; put it into the Secret {secret} at \
         {OWN_AUTHORITY_KEY}, or name a file with it by IMAGESWAP_CA_FILE"
    ))
}

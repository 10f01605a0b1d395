//! The CA certificates for `caBundle` that v1.5.3 has: those of the user in a Secret, or those of the API server.

use std::path::Path;

use imageswap_files::read;

use super::certificate::{MAX_TEXT, ReadCertificate, all_authorities, bundle, decoded};
use super::context::SecretContext;
use super::pair::UsablePair;
use crate::kubernetes::client::ObjectClient;
use crate::kubernetes::error::ApiError;
use crate::kubernetes::object::Object;
use crate::webhook::unblock;

/// The key of the CA certificates in the Secret for them.
pub(super) const OWN_AUTHORITY_KEY: &str = "rootca.pem";
/// The CA certificates of the API server, in the directory in which every cluster mounts them.
const OF_API_SERVER: &str = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt";
/// Returns the CA certificates of the user's Secret, or the reason why there are none.
pub(super) async fn read_own_authority(
    client: &ObjectClient,
) -> Result<Result<Vec<ReadCertificate>, String>, ApiError> {
    let name = Object::OwnAuthority.name(client.names());
    let secret = client.get(Object::OwnAuthority).await?;
    let encoded = secret
        .as_ref()
        .and_then(|secret| secret.data["data"][OWN_AUTHORITY_KEY].as_str());
    let Some(encoded) = encoded else {
        return Ok(Err(format!(
            "caBundle is yours to keep: the Secret {name} has no CA certificates at {OWN_AUTHORITY_KEY}"
        )));
    };
    let found = decoded(encoded)
        .and_then(|text| all_authorities(&text))
        .filter(|found| !found.is_empty());
    Ok(found.ok_or_else(|| {
        format!("{OWN_AUTHORITY_KEY} of the Secret {name} is not a list of CA certificates in PEM format")
    }))
}

/// Sets what `caBundle` must have for certificates of a signer: the CA of the user's Secret, or that of the API server if
/// it signed the pair. Returns the problem if neither is known to have signed it.
pub(super) async fn want_authority_of_signer(
    context: &SecretContext<'_>,
    signer: &str,
) -> Result<Option<String>, ApiError> {
    if let Ok(found) = read_own_authority(context.client).await? {
        context.trust.want(&bundle(&found));
        return Ok(None);
    }
    let Some(active) = context.active().and_then(UsablePair::parse) else {
        return Ok(None);
    };
    let text = unblock(|| read(Path::new(OF_API_SERVER), MAX_TEXT as u64)).await;
    let found = text
        .ok()
        .and_then(|text| all_authorities(&text))
        .unwrap_or_default();
    if active.is_accepted(&found, &context.hosts, context.moment().now()) {
        context.trust.want(&bundle(&found));
        return Ok(None);
    }
    let secret = Object::OwnAuthority.name(context.client.names());
    Ok(Some(format!(
        "the CA of the signer {signer} is not that of the API server; put it into the Secret {secret} at \
         {OWN_AUTHORITY_KEY}, or name a file with it by IMAGESWAP_CA_FILE"
    )))
}

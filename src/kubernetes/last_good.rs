//! The ConfigMap with the last good set. It ships empty, so that no right to create ConfigMaps is needed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use time::format_description::well_known::Rfc3339;

use super::client::ObjectClient;
use super::error::ApiError;
use super::object::Object;
use crate::webhook::{ClusterError, KeptSet};

/// Key of `binaryData` with the set, as [`SetTexts::to_stored`](crate::config::SetTexts::to_stored) writes it.
const KEY: &str = "set";
/// Annotation with the digest of the set.
const DIGEST: &str = "imageswap.k8s.twr.io/digest";
/// Annotation with the time at which the set was kept.
const KEPT_AT: &str = "imageswap.k8s.twr.io/kept-at";

/// Returns the set of the ConfigMap; `None` if the ConfigMap is empty or does not exist.
pub(super) async fn get(client: &ObjectClient) -> Result<Option<KeptSet>, ClusterError> {
    let Some(map) = client.get(Object::LastGood).await? else {
        return Ok(None);
    };
    let Some(set) = map.data["binaryData"][KEY].as_str() else {
        return Ok(None);
    };
    let bytes = STANDARD.decode(set).map_err(|error| ClusterError {
        text: format!("its key {KEY} is not valid base64: {error}"),
        is_passing: false,
    })?;
    let annotation = |key| map.metadata.annotations.as_ref()?.get(key).cloned();
    Ok(Some(KeptSet {
        bytes,
        digest: annotation(DIGEST),
        kept_at: annotation(KEPT_AT),
    }))
}

/// Replaces the set of the ConfigMap.
pub(super) async fn keep(client: &ObjectClient, set: &[u8], digest: &str) -> Result<(), ClusterError> {
    let kept_at = client.now().truncate_to_second();
    let patch = json!({
        "metadata": {"annotations": {DIGEST: digest, KEPT_AT: kept_at.format(&Rfc3339).unwrap_or_default()}},
        "binaryData": {KEY: STANDARD.encode(set)},
    });
    client.merge(Object::LastGood, &patch).await?;
    Ok(())
}

impl From<ApiError> for ClusterError {
    fn from(error: ApiError) -> Self {
        Self {
            is_passing: error.is_passing(),
            text: error.to_string(),
        }
    }
}

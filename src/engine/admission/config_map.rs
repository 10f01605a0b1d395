//! A review of a ConfigMap: the files that its keys become, before and after the request, and the answer.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::answer::AdmissionResponse;
use super::error::ReviewError;
use super::read::{AdmissionRequest, AdmissionReview, ConfigMapObject, Version, read_config_map};
use super::request::ReviewedRequest;
use crate::context::Operation;

/// The keys of a ConfigMap, each with the content of the file that a mounted volume has for it.
pub type ConfigMapFiles = BTreeMap<String, Vec<u8>>;

/// A review of a ConfigMap, or of an object of another kind.
#[derive(Debug)]
pub struct ConfigMapReview<'a> {
    version: Version,
    /// The request that it answers.
    pub request: ReviewedRequest<'a>,
    /// The change that the request makes; `None` if it changes no key of a ConfigMap.
    pub change: Option<ConfigMapChange>,
}

/// The files of a ConfigMap before and after a request.
#[derive(Debug)]
pub struct ConfigMapChange {
    /// The files before an UPDATE; none before a CREATE.
    pub old: ConfigMapFiles,
    /// The files after it.
    pub new: ConfigMapFiles,
}

/// Reads a review for an answer by [`ConfigMapReview::allow`] or [`ConfigMapReview::deny`].
///
/// # Errors
///
/// Returns an error if the body is not an `AdmissionReview`. The caller then gets 400 and the line of the error.
pub fn config_map_review(body: &[u8]) -> Result<ConfigMapReview<'_>, ReviewError> {
    let AdmissionReview {
        version,
        uid,
        request,
    } = read_config_map(body)?;
    let change = change(&request);
    Ok(ConfigMapReview {
        version,
        request: ReviewedRequest::new(uid, request, |object| object.metadata),
        change,
    })
}

impl ConfigMapReview<'_> {
    /// Returns the answer that allows the object, with warnings to the caller. `digest` is that of the active set.
    #[must_use]
    pub fn allow(&self, warnings: Vec<String>, digest: &str) -> Vec<u8> {
        let mut response = AdmissionResponse::new(self.version, &self.request.uid, digest);
        for warning in warnings {
            response.warn(warning);
        }
        response.into_bytes()
    }

    /// Returns the answer that denies the object, with a message of several lines.
    #[must_use]
    pub fn deny(&self, message: String, digest: &str) -> Vec<u8> {
        let mut response = AdmissionResponse::new(self.version, &self.request.uid, digest);
        response.deny(message);
        response.into_bytes()
    }
}

fn change(request: &AdmissionRequest<'_, ConfigMapObject<'_>>) -> Option<ConfigMapChange> {
    let is_config_map = request.kind.kind.as_deref() == Some("ConfigMap")
        && request.kind.group.as_deref().unwrap_or_default().is_empty();
    let object = request.object.as_deref().filter(|_| is_config_map)?;
    let new = files(object);
    let old = match request.operation? {
        Operation::Create => ConfigMapFiles::new(),
        Operation::Update => request.updated().map(files).unwrap_or_default(),
        Operation::Delete | Operation::Connect => return None,
    };
    // An edit of a label must not fail because of texts that are there already. So a label can always be removed.
    (request.operation == Some(Operation::Create) || old != new).then_some(ConfigMapChange { old, new })
}

/// Returns the files that the kubelet would write. The API server rejects base64 that is not valid before it calls a
/// webhook.
fn files(object: &ConfigMapObject<'_>) -> ConfigMapFiles {
    let texts = object
        .data
        .iter()
        .map(|(key, text)| (key.to_string(), text.as_bytes().to_vec()));
    let bytes = object.binary_data.iter().filter_map(|(key, base64)| {
        let base64 = base64.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n'));
        let bytes = STANDARD.decode(base64.collect::<Vec<u8>>()).ok()?;
        Some((key.to_string(), bytes))
    });
    texts.chain(bytes).collect()
}

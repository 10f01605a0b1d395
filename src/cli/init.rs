//! The init container of imageswap-webhook v1.5.3, by the name `imageswap-init.py`.

use std::path::Path;

use super::error::CommandError;
use super::input::ClusterOptions;
use crate::kubernetes::{Certificates, Predecessor, prepare};

/// The template of the webhook configuration, where the manifests mount it.
const TEMPLATE: &str = "/mwc/imageswap-mwc.yaml";

/// Makes the key pair in a directory, and the webhook configuration.
///
/// # Errors
///
/// Returns an error if one of them cannot be made.
pub(super) fn init(cluster: ClusterOptions, namespace: String, tls_dir: &Path) -> Result<(), CommandError> {
    let certificates = match cluster.signer() {
        Some(signer) => Certificates::Csr(signer.to_owned()),
        None => Certificates::SelfManaged,
    };
    let role = Some(Predecessor::InitContainer);
    let settings = cluster.into_settings(namespace, certificates, role);
    prepare(settings, Path::new(TEMPLATE), tls_dir).map_err(CommandError::Init)
}

//! The Namespace of the webhook: it owns the webhook configurations, and its deletion disarms them.

use crate::kubernetes::client::ObjectClient;
use crate::kubernetes::error::ApiError;
use crate::kubernetes::object::Object;

/// The state of the Namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Namespace {
    /// It exists; its uid.
    Exists(String),
    /// It is being deleted.
    Deleted,
    /// The API server does not know it.
    Absent,
}

impl Namespace {
    /// Returns the state of the Namespace now.
    pub(super) async fn get(client: &ObjectClient) -> Result<Self, ApiError> {
        let found = client.get(Object::Namespace).await?;
        Ok(match found {
            Some(object) if object.metadata.deletion_timestamp.is_none() => {
                Self::Exists(object.metadata.uid.unwrap_or_default())
            }
            Some(_) => Self::Deleted,
            None => Self::Absent,
        })
    }
}

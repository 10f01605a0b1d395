//! What log and metrics say of the request of a review.

use std::borrow::Cow;

use super::read::{AdmissionRequest, Metadata};
use crate::context::Operation;

/// The request of a review.
#[derive(Debug)]
pub struct ReviewedRequest<'a> {
    /// The uid of the request.
    pub uid: Cow<'a, str>,
    /// Kind of the object; empty if the request names none.
    pub kind: Cow<'a, str>,
    /// Namespace of the object.
    pub namespace: Option<Cow<'a, str>>,
    /// Name of the object, or the prefix that the API server generates it from.
    pub name: Option<Cow<'a, str>>,
    /// Operation on the object.
    pub operation: Option<Operation>,
    /// True if the caller asked for a dry run.
    pub dry_run: bool,
}

impl<'a> ReviewedRequest<'a> {
    /// Takes them out of a request. `metadata` returns that of an object.
    pub(super) fn new<O>(
        uid: Cow<'a, str>,
        request: AdmissionRequest<'a, O>,
        metadata: impl FnOnce(O) -> Metadata<'a>,
    ) -> Self {
        let AdmissionRequest {
            kind,
            name,
            namespace,
            operation,
            object,
            dry_run,
            ..
        } = request;
        // Empty if the API server generates the name after admission.
        let requested = name.filter(|name| !name.is_empty());
        let of_object = || {
            let metadata = metadata(*object?);
            metadata.name.or(metadata.generate_name)
        };
        Self {
            uid,
            kind: kind.kind.unwrap_or_default(),
            namespace,
            name: requested.or_else(of_object),
            operation,
            dry_run,
        }
    }
}

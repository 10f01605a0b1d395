//! The choice of the images that are evaluated, and the evaluation of each.

use super::changed::OldImages;
use super::outcome::{LeftReason, Policy};
use super::pod::{ImageField, Pod};
use super::read::{Metadata, Object, Request, group_of};
use crate::context::{Context, Operation, Owner};
use crate::rules::AUTO;

/// The annotation of a Pod that the kubelet made from a file: it runs already, and its image is the file's.
const MIRROR_POD: &str = "kubernetes.io/config.mirror";
/// The value of the break-glass label.
const DISABLED: &str = "disabled";

/// Only what is created or changed has images that are about to run.
pub(super) fn is_looked_at(request: &Request<'_>) -> bool {
    !matches!(request.operation, Some(Operation::Delete | Operation::Connect))
}

/// Why an object is left alone as a whole.
pub(super) fn left_alone(object: &Object<'_>, pod: &Pod<'_, '_>, policy: &Policy<'_>) -> Option<LeftReason> {
    let disabled = |metadata: &Metadata<'_>| {
        metadata
            .labels
            .iter()
            .any(|(key, value)| key == policy.disable_label && value == DISABLED)
    };
    if object.metadata.is_being_deleted {
        Some(LeftReason::Deleting)
    } else if pod.is_pod()
        && object
            .metadata
            .annotations
            .iter()
            .any(|(key, _)| key == MIRROR_POD)
    {
        Some(LeftReason::MirrorPod)
    } else if disabled(&object.metadata) || disabled(pod.metadata) {
        Some(LeftReason::Disabled)
    } else {
        None
    }
}

/// What comes of an image.
pub(super) enum Verdict<D> {
    Left(LeftReason),
    Decided(D),
}

/// Decides every image that the request brings in or changes.
pub(super) fn decide<'r, 'a, D>(
    request: &'r Request<'a>,
    object: &'r Object<'a>,
    pod: &Pod<'r, 'a>,
    policy: &Policy<'_>,
    decide_one: impl Fn(&str, &Context<'_>) -> D,
) -> Vec<(ImageField<'r, 'a>, Verdict<D>)> {
    let is_update = request.operation == Some(Operation::Update);
    let old = request
        .old_object
        .as_deref()
        .filter(|_| is_update)
        .and_then(|old| Pod::find(&request.kind, old));
    let old = old.as_ref().map(OldImages::new);
    let context = context(request, object, pod, policy);
    let decide = |field: ImageField<'r, 'a>| {
        let verdict = match field.image {
            None => Verdict::Left(LeftReason::NoImage),
            Some(_) if old.as_ref().is_some_and(|old| old.has(&field)) => {
                Verdict::Left(LeftReason::Unchanged)
            }
            Some(image) if image == AUTO => Verdict::Left(LeftReason::Auto),
            Some(image) => {
                let context = Context {
                    container: field.container,
                    place: field.place,
                    ..context
                };
                Verdict::Decided(decide_one(image, &context))
            }
        };
        (field, verdict)
    };
    pod.images().map(decide).collect()
}

/// What the rules can see of the object, whichever of its images is asked about.
pub(super) fn context<'r>(
    request: &'r Request<'_>,
    object: &'r Object<'_>,
    pod: &Pod<'r, '_>,
    policy: &'r Policy<'_>,
) -> Context<'r> {
    let owner = object
        .metadata
        .owners
        .iter()
        .find(|owner| owner.is_controller)
        .map(|owner| Owner {
            kind: owner.kind.as_deref().unwrap_or_default(),
            group: group_of(owner.api_version.as_deref().unwrap_or_default()),
        });
    Context {
        namespace: request.namespace.as_deref(),
        labels: &pod.metadata.labels,
        annotations: &pod.metadata.annotations,
        owner,
        kind: request.kind.kind.as_deref(),
        operation: request.operation,
        user: request.user.username.as_deref(),
        hook: policy.hook,
        ..Context::default()
    }
}

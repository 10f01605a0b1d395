//! The choice of the images to evaluate, and the evaluation of each.

use super::changed::OldImages;
use super::outcome::SkipReason;
use super::pod::{ImageField, Pod};
use super::policy::Caller;
use super::read::{AdmissionRequest, Metadata, Object, group_of};
use crate::context::{Context, Operation, Owner};
use crate::rules::image::AUTO;

/// Annotation of a mirror pod: the kubelet made it from a file, it already runs, and its image is the one in the
/// file.
const MIRROR_POD: &str = "kubernetes.io/config.mirror";
/// The value of the break-glass label.
const DISABLED: &str = "disabled";

/// The Pod of a review, and what the webhook does with each of its images.
pub(super) struct EvaluatedPod<'r, 'a, D> {
    pub(super) pod: Pod<'r, 'a>,
    /// The images, in the order of [`Pod::images`].
    pub(super) images: Vec<(ImageField<'r, 'a>, Verdict<D>)>,
    /// True if the object as a whole is skipped.
    pub(super) is_skipped: bool,
}

/// Verdict of the webhook on an image.
pub(super) enum Verdict<D> {
    /// The webhook does not evaluate it.
    Skipped(SkipReason),
    /// The webhook evaluates it, with this decision.
    Evaluated(D),
}

/// Evaluates the images of a request with `evaluate_one`, up to its first error. Returns `None` if the request does not
/// create or update an object, or if the object has no Pod.
pub(super) fn evaluate<'r, 'a, D, E>(
    request: &'r AdmissionRequest<'a>,
    disable_label: &str,
    caller: &Caller<'_>,
    evaluate_one: impl Fn(&str, &Context<'_>) -> Result<D, E>,
) -> Result<Option<EvaluatedPod<'r, 'a, D>>, E> {
    // DELETE has no object, and CONNECT has options of a subresource instead of an object with images.
    if matches!(request.operation, Some(Operation::Delete | Operation::Connect)) {
        return Ok(None);
    }
    let Some(object) = request.object.as_deref() else {
        return Ok(None);
    };
    let Some(pod) = Pod::find(&request.kind, object) else {
        return Ok(None);
    };
    let skipped = skip_reason(object, &pod, disable_label);
    let images = match skipped {
        Some(reason) => pod
            .images()
            .map(|field| (field, Verdict::Skipped(reason)))
            .collect(),
        None => evaluate_images(request, object, &pod, caller, evaluate_one)?,
    };
    Ok(Some(EvaluatedPod {
        pod,
        images,
        is_skipped: skipped.is_some(),
    }))
}

/// Returns the reason why the webhook skips an object as a whole.
fn skip_reason(object: &Object<'_>, pod: &Pod<'_, '_>, disable_label: &str) -> Option<SkipReason> {
    let disabled = |metadata: &Metadata<'_>| {
        metadata
            .labels
            .iter()
            .any(|(key, value)| key == disable_label && value == DISABLED)
    };
    // Controllers remove finalizers by an update, and a denial would keep the object from going away.
    if object.metadata.is_being_deleted {
        Some(SkipReason::Deleting)
    } else if pod.is_pod()
        && object
            .metadata
            .annotations
            .iter()
            .any(|(key, _)| key == MIRROR_POD)
    {
        Some(SkipReason::MirrorPod)
    } else if disabled(&object.metadata) || disabled(pod.metadata) {
        Some(SkipReason::Disabled)
    } else {
        None
    }
}

/// Evaluates each image that the request adds or changes.
fn evaluate_images<'r, 'a, D, E>(
    request: &'r AdmissionRequest<'a>,
    object: &'r Object<'a>,
    pod: &Pod<'r, 'a>,
    caller: &Caller<'_>,
    evaluate_one: impl Fn(&str, &Context<'_>) -> Result<D, E>,
) -> Result<Vec<(ImageField<'r, 'a>, Verdict<D>)>, E> {
    let is_update = request.operation == Some(Operation::Update);
    // Only the images of an UPDATE may be running already.
    let old = request
        .old_object
        .as_deref()
        .filter(|_| is_update)
        .and_then(|old| Pod::find(&request.kind, old));
    let old = old.as_ref().map(OldImages::new);
    let context = context(request, object, pod, caller);
    let evaluate = |field: ImageField<'r, 'a>| {
        let verdict = match field.image {
            None => Verdict::Skipped(SkipReason::NoImage),
            // Checked before the rules: swapping an image that does not change would restart its container.
            Some(_) if old.as_ref().is_some_and(|old| old.has(&field)) => {
                Verdict::Skipped(SkipReason::Unchanged)
            }
            Some(image) if image == AUTO => Verdict::Skipped(SkipReason::Auto),
            Some(image) => {
                // Copied for each image, because container and place are the only values that differ within a Pod.
                let context = Context {
                    container: field.container,
                    place: field.place,
                    ..context
                };
                Verdict::Evaluated(evaluate_one(image, &context)?)
            }
        };
        Ok((field, verdict))
    };
    pod.images().map(evaluate).collect()
}

/// Returns the context that all images of an object share.
fn context<'r>(
    request: &'r AdmissionRequest<'_>,
    object: &'r Object<'_>,
    pod: &Pod<'r, '_>,
    caller: &Caller<'r>,
) -> Context<'r> {
    // Kubernetes allows several owners, but at most one of them is the controller.
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
        hook: caller.entry,
        ..Context::default()
    }
}

//! The choice of the images to evaluate, and the evaluation of each.

use super::changed::OldImages;
use super::outcome::{SkipReason, SkippedImages};
use super::pod::{ImageField, Pod};
use super::policy::{Caller, DISABLED};
use super::read::{AdmissionRequest, Metadata, Object, group_of};
use crate::context::{Context, Operation, Owner};
use crate::rules::image::AUTO;

/// Annotation of a mirror pod: the kubelet made it from a file, it already runs, and its image is the one in the
/// file.
const MIRROR_POD: &str = "kubernetes.io/config.mirror";

/// Maximum number of images that are evaluated in a review, and of images of an object that are listed although they
/// are not evaluated. A Pod of 1 MiB has room for fewer.
pub const MAX_IMAGES: usize = 10_000;

/// The Pod of a review, and what the webhook does with each of its images.
pub(super) struct EvaluatedPod<'r, 'a, D> {
    pub(super) pod: Pod<'r, 'a>,
    /// The images, in the order of [`Pod::images`].
    pub(super) images: Vec<(ImageField<'r, 'a>, Verdict<D>)>,
    /// Further images that are not evaluated.
    pub(super) more: SkippedImages,
    /// Number of images to evaluate if that are more than [`MAX_IMAGES`], so that none of them is evaluated.
    pub(super) too_many: Option<usize>,
    /// True if the object as a whole is skipped.
    pub(super) is_skipped: bool,
    /// The Pod before an UPDATE.
    pub(super) updated: Option<Pod<'r, 'a>>,
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
    // Only the images of an UPDATE may be running already.
    let updated = request.updated().and_then(|old| Pod::find(&request.kind, old));
    let old = updated.as_ref().map(OldImages::new);
    // Nearly every Pod has so few images that they are not counted first.
    let too_many = Some(&pod)
        .filter(|pod| pod.max_images() > MAX_IMAGES)
        .map(|pod| {
            pod.images()
                .filter(|field| image_to_evaluate(field, skipped, old.as_ref()).is_ok())
                .count()
        })
        .filter(|count| *count > MAX_IMAGES);
    let context = context(request, object, &pod, caller);
    let mut images = Vec::with_capacity(pod.max_images().min(MAX_IMAGES));
    let mut more = SkippedImages::default();
    for field in pod.images() {
        let image = image_to_evaluate(&field, skipped, old.as_ref());
        let verdict = match image.and_then(|image| too_many.map_or(Ok(image), |_| Err(SkipReason::TooMany))) {
            Err(reason) if images.len() >= MAX_IMAGES => {
                more.add(reason, 1);
                continue;
            }
            Err(reason) => Verdict::Skipped(reason),
            Ok(image) => {
                // Copied for each image, because container and place are the only values that differ within a Pod.
                let context = Context {
                    container: field.container.map(AsRef::as_ref),
                    place: field.place,
                    ..context
                };
                Verdict::Evaluated(evaluate_one(image, &context)?)
            }
        };
        images.push((field, verdict));
    }
    more.add(skipped.unwrap_or(SkipReason::NoImage), pod.more_without_image());
    Ok(Some(EvaluatedPod {
        pod,
        images,
        more,
        too_many,
        is_skipped: skipped.is_some(),
        updated,
    }))
}

/// Returns the image of a field. `skipped` is the reason if the webhook skips the whole object.
///
/// # Errors
///
/// Returns the reason why the webhook skips the image.
fn image_to_evaluate<'r>(
    field: &ImageField<'r, '_>,
    skipped: Option<SkipReason>,
    old: Option<&OldImages<'_, '_, '_>>,
) -> Result<&'r str, SkipReason> {
    if let Some(reason) = skipped {
        return Err(reason);
    }
    match field.image {
        None => Err(SkipReason::NoImage),
        // Checked before the rules: swapping an image that does not change would restart its container.
        Some(_) if old.is_some_and(|old| old.has(field)) => Err(SkipReason::Unchanged),
        Some(image) if image == AUTO => Err(SkipReason::Auto),
        Some(image) => Ok(image),
    }
}

/// Returns the reason why the webhook skips an object as a whole.
fn skip_reason(object: &Object<'_>, pod: &Pod<'_, '_>, disable_label: &str) -> Option<SkipReason> {
    let disabled = |metadata: &Metadata<'_>| metadata.label(disable_label) == Some(DISABLED);
    // Controllers remove finalizers by an update, and a denial would keep the object from going away.
    if object.metadata.is_being_deleted {
        Some(SkipReason::Deleting)
    } else if pod.is_pod() && object.metadata.annotation(MIRROR_POD).is_some() {
        Some(SkipReason::MirrorPod)
    } else if disabled(&object.metadata) || disabled(pod.metadata) {
        Some(SkipReason::Disabled)
    } else {
        None
    }
}

/// Returns the context that all images of an object share.
fn context<'r>(
    request: &'r AdmissionRequest<'_>,
    object: &'r Object<'_>,
    pod: &Pod<'r, '_>,
    caller: &Caller<'r>,
) -> Context<'r> {
    let owner = object.metadata.controller.as_ref().map(|owner| Owner {
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

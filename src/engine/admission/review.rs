//! The answer to a review: turns decisions into a patch, a denial, warnings and audit annotations.

use std::borrow::Cow;
use std::collections::HashSet;

use super::answer::AdmissionResponse;
use super::arrivals::arrivals;
use super::break_glass::near_miss;
use super::error::ReviewError;
use super::evaluate::{EvaluatedPod, Verdict, evaluate};
use super::originals::{ORIGINAL_IMAGES, RecordedOriginals, record};
use super::outcome::{ImageDecision, ImageEffect, ReviewOutcome, Reviewed, SkipReason};
use super::pod::ImageField;
use super::policy::{Caller, Policy};
use super::read::{AdmissionRequest, AdmissionReview, read};
use super::request::ReviewedRequest;
use super::wording;
use crate::context::{Operation, Place};
use crate::rules::{Decision, Effect, Interrupted, Invalid};

/// Answers a review.
///
/// # Errors
///
/// Returns an error if the body is not an `AdmissionReview`, or if the evaluation is interrupted. The caller then gets
/// 400 or 408, and the line of the error.
pub fn review<'a>(
    body: &'a [u8],
    policy: &Policy<'_>,
    caller: &Caller<'_>,
) -> Result<Reviewed<'a>, ReviewError> {
    let AdmissionReview {
        version,
        uid,
        request,
    } = read(body)?;
    let evaluated = evaluate(&request, policy.disable_label, caller, |image, context| {
        policy.rules.evaluate_until(image, context, caller.interrupt)
    })?;
    let mut response = AdmissionResponse::new(version, &uid, policy.digest).in_dry_run(policy.dry_run);
    if let Some(evaluated) = &evaluated {
        fill(&mut response, &request, evaluated, policy, caller)?;
    }
    let is_skipped = evaluated.as_ref().is_some_and(|pod| pod.is_skipped);
    let has_too_many = evaluated.as_ref().is_some_and(|pod| pod.too_many.is_some());
    let outcome = match response.outcome() {
        Some(ReviewOutcome::Denied) if has_too_many => ReviewOutcome::TooManyImages,
        Some(outcome) => outcome,
        None if is_skipped => ReviewOutcome::Skipped,
        None => ReviewOutcome::Unchanged,
    };
    let (answer, denial) = response.into_parts();
    let more = evaluated.as_ref().map(|pod| pod.more).unwrap_or_default();
    let pods = evaluated
        .as_ref()
        .map(|evaluated| (evaluated.pod, evaluated.updated));
    let images: Vec<ImageDecision<'_>> = evaluated
        .map(|pod| pod.images)
        .unwrap_or_default()
        .into_iter()
        .map(|(field, verdict)| verdict.into_image_decision(&field, policy.dry_run))
        .collect();
    let arrivals = pods
        .filter(|_| outcome == ReviewOutcome::Patched)
        .and_then(|(pod, updated)| arrivals(&request, pod, updated, &images));
    Ok(Reviewed {
        answer,
        request: ReviewedRequest::new(uid, request, |object| object.metadata),
        outcome,
        denial,
        images,
        more,
        arrivals,
    })
}

/// Adds the decisions to the answer.
fn fill<'d>(
    response: &mut AdmissionResponse<'d>,
    request: &AdmissionRequest<'_>,
    evaluated: &'d EvaluatedPod<'_, '_, Decision<'_>>,
    policy: &Policy<'d>,
    caller: &Caller<'_>,
) -> Result<(), Interrupted> {
    // A rule may warn of each image, and each warning is a text.
    let step = |image: &str| caller.interrupt.map_or(Ok(()), |interrupt| interrupt.step(image));
    let EvaluatedPod { pod, images, .. } = evaluated;
    for value in near_misses(request, evaluated, policy.disable_label) {
        response.warn(wording::near_miss(policy.disable_label, value));
    }
    if let Some(count) = evaluated.too_many {
        response.deny(wording::too_many(count, policy));
    }
    // Collected over all images, because a Pod has one list of pull secrets.
    let mut last = None;
    let mut secrets: Vec<(&ImageField<'_, '_>, &str)> = Vec::new();
    let mut swapped: Vec<(&ImageField<'_, '_>, &str)> = Vec::new();
    for (field, verdict) in images {
        let (Verdict::Evaluated(decision), Some(image)) = (verdict, field.image) else {
            continue;
        };
        for rule in decision.warnings().iter().copied().chain(decision.rules()) {
            step(image)?;
            // The images of a Pod mostly share a rule, so this saves the search for its name.
            if last.replace(rule) != Some(rule) {
                response.name_rule(rule, || policy.rules.rule_name(rule));
            }
        }
        for rule in decision.warnings() {
            step(image)?;
            response.warn(wording::warned(field, image, policy.rules, *rule));
        }
        match decision.effect() {
            Effect::Keep => {}
            // A patch that changes nothing would count as one.
            Effect::Swap(result) if result == image.as_ref() => {}
            Effect::Swap(result) => {
                if policy.dry_run {
                    response.warn(wording::would_swap(field, image, result));
                }
                if policy.record_originals {
                    swapped.push((field, image));
                }
                response.patch().replace_image(field.pointer, result);
            }
            Effect::Deny => response.deny(wording::denied(field, image, policy, decision.last_rule())),
            Effect::Invalid(invalid) => response.warn(wording::left(field, image, invalid)),
        }
        secrets.extend(decision.pull_secrets().iter().map(|secret| (field, *secret)));
    }
    if policy.record_originals {
        record_originals(response, request, &swapped);
    }
    // In a template, the list would replace that of the Pod's service account.
    if secrets.is_empty() || !pod.is_pod() {
        return Ok(());
    }
    let mut has_list = pod.pull_secrets().is_some();
    let mut present: HashSet<&str> = pod.pull_secrets().into_iter().flatten().collect();
    let is_new = request.operation == Some(Operation::Create);
    for (field, secret) in secrets {
        if !present.insert(secret) {
            continue;
        }
        if !is_new {
            // The API server rejects a new secret in an existing Pod, also with `kubectl debug`.
            response.warn(wording::lacks_pull_secret(field, secret));
            continue;
        }
        if policy.dry_run {
            response.warn(wording::would_add_pull_secret(secret));
        }
        // The first secret creates the list, which the next ones append to.
        response.patch().add_pull_secret(secret, has_list);
        has_list = true;
    }
    Ok(())
}

/// Adds the annotation with the original images of the swaps to the patch.
fn record_originals(
    response: &mut AdmissionResponse<'_>,
    request: &AdmissionRequest<'_>,
    swapped: &[(&ImageField<'_, '_>, &str)],
) {
    // A denial and a dry run change no image.
    let is_patched = response.outcome() == Some(ReviewOutcome::Patched);
    let Some(object) = request.object.as_deref().filter(|_| is_patched) else {
        return;
    };
    // The API server drops the metadata of a request for ephemeral containers.
    let recorded = swapped
        .iter()
        .filter(|(field, _)| field.place != Place::Ephemeral);
    let swapped = recorded.map(|(field, image)| (field.pointer.to_string(), *image));
    let RecordedOriginals { value, missing } = record(object, swapped);
    if let Some((missing_maps, value)) = value {
        response
            .patch()
            .set_annotation(ORIGINAL_IMAGES, value, missing_maps);
    }
    if missing > 0 {
        response.warn(wording::not_recorded(missing));
    }
}

/// Returns the values of the break-glass label without an effect, of the object and of its Pod template.
fn near_misses<'r>(
    request: &'r AdmissionRequest<'_>,
    evaluated: &EvaluatedPod<'r, '_, Decision<'_>>,
    key: &str,
) -> impl Iterator<Item = &'r str> {
    let object = request.object.as_deref().filter(|_| !evaluated.is_skipped);
    let old = request.updated().map(|old| &old.metadata);
    let of_object = object.and_then(|object| near_miss(&object.metadata, old, key));
    let template = object.map(|_| &evaluated.pod).filter(|pod| !pod.is_pod());
    let of_template = template.and_then(|template| {
        let old = evaluated.updated.as_ref().map(|old| old.metadata);
        near_miss(template.metadata, old, key)
    });
    of_object.into_iter().chain(of_template)
}

impl Verdict<Decision<'_>> {
    fn into_image_decision<'a>(self, field: &ImageField<'_, 'a>, dry_run: bool) -> ImageDecision<'a> {
        let image = field.image.cloned().unwrap_or(Cow::Borrowed(""));
        let (effect, rule, rules) = match self {
            Self::Skipped(reason) => (ImageEffect::Skipped(reason), None, Vec::new()),
            Self::Evaluated(decision) => {
                let rule = decision.counted_rule();
                let rules = decision.rules().collect();
                let effect = match decision.into_effect() {
                    Effect::Keep => ImageEffect::Keep,
                    // As in the patch: the image stays as it is.
                    Effect::Swap(result) if result == image => ImageEffect::Keep,
                    Effect::Swap(result) if dry_run => ImageEffect::WouldSwap(result),
                    Effect::Swap(result) => ImageEffect::Swap(result),
                    Effect::Deny if dry_run => ImageEffect::WouldDeny,
                    Effect::Deny => ImageEffect::Deny,
                    Effect::Invalid(Invalid::Image(_)) => ImageEffect::Skipped(SkipReason::InvalidImage),
                    Effect::Invalid(Invalid::Result(_)) => ImageEffect::Skipped(SkipReason::InvalidResult),
                };
                (effect, rule, rules)
            }
        };
        ImageDecision {
            image,
            container: field.container.cloned(),
            pointer: field.pointer,
            effect,
            rule,
            rules,
        }
    }
}

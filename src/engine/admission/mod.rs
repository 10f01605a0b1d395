//! From the bytes of a review to the bytes of its answer.
//!
//! Pure: no network, no disk, no lock, no clock. What the request holds never makes an error: a webhook is
//! called before the API server validates an object, and for kinds that nobody here knows.

mod answer;
mod changed;
mod explain;
mod json;
mod outcome;
mod patch;
mod pod;
mod read;
mod wording;

use std::borrow::Cow;
use std::collections::HashSet;

pub use self::explain::{ExplainedImage, cases, explain};
pub use self::outcome::{ImageDecision, ImageEffect, LeftReason, Outcome, Policy, ReviewError, Reviewed};

use self::answer::AdmissionResponse;
use self::changed::OldImages;
use self::pod::{ImageField, Pod};
use self::read::{Metadata, Object, Request, Review};
use crate::context::{Context, Operation, Owner};
use crate::rules::{Decision, Effect, Invalid};

/// The annotation of a Pod that the kubelet made from a file: it runs already, and its image is the file's.
const MIRROR_POD: &str = "kubernetes.io/config.mirror";
/// The value of the break-glass label.
const DISABLED: &str = "disabled";

/// Answers a review.
///
/// # Errors
///
/// Where the body is no `AdmissionReview`: the caller gets 400 and the error's line.
pub fn review<'a>(body: &'a [u8], policy: &Policy<'_>) -> Result<Reviewed<'a>, ReviewError> {
    let Review {
        version,
        uid,
        request,
    } = read::read(body)?;
    let pod = request
        .object
        .as_deref()
        .filter(|_| is_looked_at(&request))
        .and_then(|object| Some((object, Pod::of(&request, object)?)));
    let mut response = AdmissionResponse::new(version, &uid, policy.digest);
    let (decided, outcome) = match &pod {
        Some((object, pod)) => match left_alone(object, pod, policy) {
            Some(reason) => {
                let left = pod.images().map(|field| (field, Verdict::Left(reason))).collect();
                (left, Outcome::Left)
            }
            None => {
                let decide_one = |image: &str, context: &Context<'_>| policy.rules.decide(image, context);
                (
                    decide(&request, object, pod, policy, decide_one),
                    Outcome::Unchanged,
                )
            }
        },
        None => (Vec::new(), Outcome::Unchanged),
    };
    if let Some((_, pod)) = &pod {
        fill(&mut response, &request, pod, &decided, policy);
    }
    let outcome = match () {
        () if response.is_refused() => Outcome::Denied,
        () if response.is_patched() => Outcome::Patched,
        () => outcome,
    };
    let answer = response.into_bytes();
    let images = decided
        .into_iter()
        .map(|(field, verdict)| verdict.into_image_decision(&field))
        .collect();
    let Request {
        kind,
        name,
        namespace,
        operation,
        object,
        dry_run,
        ..
    } = request;
    let name = name.filter(|name| !name.is_empty());
    Ok(Reviewed {
        answer,
        uid,
        kind: kind.kind.unwrap_or_default(),
        namespace,
        name: name
            .or_else(|| object.and_then(|object| object.metadata.name.or(object.metadata.generate_name))),
        operation,
        dry_run,
        outcome,
        images,
    })
}

/// Only what is created or changed has images that are about to run.
fn is_looked_at(request: &Request<'_>) -> bool {
    !matches!(request.operation, Some(Operation::Delete | Operation::Connect))
}

/// Why an object is left alone as a whole.
fn left_alone(object: &Object<'_>, pod: &Pod<'_, '_>, policy: &Policy<'_>) -> Option<LeftReason> {
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
enum Verdict<D> {
    Left(LeftReason),
    Decided(D),
}

/// Decides every image that the request brings in or changes.
fn decide<'r, 'a, D>(
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
        .and_then(|old| Pod::of(request, old));
    let old = old.as_ref().map(OldImages::new);
    let context = context(request, object, pod, policy);
    let decide = |field: ImageField<'r, 'a>| {
        let verdict = match field.image {
            None => Verdict::Left(LeftReason::NoImage),
            Some(_) if old.as_ref().is_some_and(|old| old.has(&field)) => {
                Verdict::Left(LeftReason::Unchanged)
            }
            Some(image) if image == crate::rules::AUTO => Verdict::Left(LeftReason::Auto),
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
fn context<'r>(
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
        .map(|owner| {
            let api_version = owner.api_version.as_deref().unwrap_or_default();
            // `apps/v1` is of the group `apps`, `v1` of none.
            let group = api_version.split_once('/').map_or("", |(group, _)| group);
            Owner {
                kind: owner.kind.as_deref().unwrap_or_default(),
                group,
            }
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

/// Puts what was decided into the answer.
fn fill<'d>(
    response: &mut AdmissionResponse<'d>,
    request: &Request<'_>,
    pod: &Pod<'_, '_>,
    decided: &'d [(ImageField<'_, '_>, Verdict<Decision<'_>>)],
    policy: &Policy<'d>,
) {
    let mut last = None;
    let mut secrets: Vec<&str> = Vec::new();
    for (field, verdict) in decided {
        let (Verdict::Decided(decision), Some(image)) = (verdict, field.image) else {
            continue;
        };
        for rule in decision.warnings.iter().copied().chain(decision.deciding()) {
            // The images of a Pod mostly share a rule.
            if last.replace(rule) != Some(rule) {
                response.name_rule(policy.rules.rule_name(rule));
            }
        }
        for rule in &decision.warnings {
            response.warn(wording::warned(field, image, policy.rules, *rule));
        }
        match &decision.effect {
            Effect::Keep => {}
            Effect::Swap(result) if result == image.as_ref() => {}
            Effect::Swap(result) if policy.dry_run => {
                response.warn(wording::would_swap(field, image, result))
            }
            Effect::Swap(result) => response.patch().replace_image(field.pointer, result),
            Effect::Deny if policy.dry_run => {
                response.warn(wording::would_refuse(field, image, policy.rules, decision.rule));
            }
            Effect::Deny => response.refuse(wording::refused(field, image, policy.rules, decision.rule)),
            Effect::Invalid(invalid) => response.warn(wording::left(field, image, invalid)),
        }
        secrets.extend(&decision.pull_secrets);
    }
    // In a template the list would displace the one of the Pod's service account.
    if !secrets.is_empty() && pod.is_pod() && request.operation == Some(Operation::Create) && !policy.dry_run
    {
        let mut has_list = pod.pull_secrets().is_some();
        let mut present: HashSet<&str> = pod.pull_secrets().into_iter().flatten().collect();
        for secret in secrets {
            if present.insert(secret) {
                response.patch().add_pull_secret(secret, has_list);
                has_list = true;
            }
        }
    }
}

impl Verdict<Decision<'_>> {
    fn into_image_decision<'a>(self, field: &ImageField<'_, 'a>) -> ImageDecision<'a> {
        let image = field.image.cloned().unwrap_or(Cow::Borrowed(""));
        let (effect, rule, rules) = match self {
            Self::Left(reason) => (ImageEffect::Left(reason), None, Vec::new()),
            Self::Decided(decision) => {
                let rule = decision.decisive();
                let rules = decision.deciding().collect();
                let effect = match decision.effect {
                    Effect::Keep => ImageEffect::Keep,
                    Effect::Swap(result) if result == image => ImageEffect::Keep,
                    Effect::Swap(result) => ImageEffect::Swap(result),
                    Effect::Deny => ImageEffect::Deny,
                    Effect::Invalid(Invalid::Image(_)) => ImageEffect::Left(LeftReason::InvalidImage),
                    Effect::Invalid(Invalid::Result(_)) => ImageEffect::Left(LeftReason::InvalidResult),
                };
                (effect, rule, rules)
            }
        };
        ImageDecision {
            image,
            effect,
            rule,
            rules,
        }
    }
}

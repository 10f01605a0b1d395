//! Why the images of a review are decided as they are.

use super::evaluate::{Verdict, decide, is_looked_at, left_alone};
use super::outcome::{LeftReason, Policy, ReviewError};
use super::pod::Pod;
use super::read::{Review, read};
use crate::compare::Case;
use crate::context::{Context, Place, Setting};
use crate::rules::{Explanation, Scope};

/// An image of a review, and how it is decided.
#[derive(Debug)]
pub struct ExplainedImage<'p> {
    /// The image as the manifest spells it; empty where there is none.
    pub image: String,
    /// The name of its container, or volume.
    pub container: Option<String>,
    /// Where in the Pod it stands.
    pub place: Place,
    /// How it is decided, or why it is left alone.
    pub verdict: Result<Explanation<'p>, LeftReason>,
}

/// Tells how each image of a review is decided.
///
/// # Errors
///
/// Where the body is no `AdmissionReview`.
pub fn explain<'p>(
    body: &[u8],
    policy: &Policy<'p>,
    scope: Scope<'_>,
) -> Result<Vec<ExplainedImage<'p>>, ReviewError> {
    let Review { request, .. } = read(body)?;
    let Some(object) = request.object.as_deref().filter(|_| is_looked_at(&request)) else {
        return Ok(Vec::new());
    };
    let Some(pod) = Pod::find(&request.kind, object) else {
        return Ok(Vec::new());
    };
    let rules = policy.rules;
    let decided = match left_alone(object, &pod, policy) {
        Some(reason) => pod.images().map(|field| (field, Verdict::Left(reason))).collect(),
        None => decide(&request, object, &pod, policy, |image, context: &Context<'_>| {
            rules.explain(image, context, scope)
        }),
    };
    Ok(decided
        .into_iter()
        .map(|(field, verdict)| ExplainedImage {
            image: field
                .image
                .map_or_else(String::new, |image| image.clone().into_owned()),
            container: field.container.map(ToOwned::to_owned),
            place: field.place,
            verdict: match verdict {
                Verdict::Left(reason) => Err(reason),
                Verdict::Decided(explanation) => Ok(explanation),
            },
        })
        .collect())
}

/// The images of a review that would be decided, each with what it comes with.
///
/// # Errors
///
/// Where the body is no `AdmissionReview`.
pub fn cases(body: &[u8], policy: &Policy<'_>) -> Result<Vec<Case>, ReviewError> {
    let Review { request, .. } = read(body)?;
    let Some(object) = request.object.as_deref().filter(|_| is_looked_at(&request)) else {
        return Ok(Vec::new());
    };
    let Some(pod) = Pod::find(&request.kind, object) else {
        return Ok(Vec::new());
    };
    if left_alone(object, &pod, policy).is_some() {
        return Ok(Vec::new());
    }
    let case = |image: &str, context: &Context<'_>| Case {
        image: image.to_owned(),
        setting: Setting::of(context),
    };
    let decided = decide(&request, object, &pod, policy, case).into_iter();
    Ok(decided
        .filter_map(|(_, verdict)| match verdict {
            Verdict::Decided(case) => Some(case),
            Verdict::Left(_) => None,
        })
        .collect())
}

//! The evaluations of the images of a review, step by step.

use std::convert::Infallible;

use super::error::ReviewError;
use super::evaluate::{Verdict, evaluate};
use super::outcome::SkipReason;
use super::policy::Caller;
use super::read::{AdmissionReview, read};
use crate::compile::Preview;
use crate::context::{Case, Context, Place, Setting};
use crate::rules::{Explanation, Scope};

/// An image of a review, and its evaluation.
#[derive(Debug)]
pub struct ExplainedImage<'p> {
    /// The original image; empty if there is none.
    pub image: String,
    /// Name of its container, or of its volume.
    pub container: Option<String>,
    /// Its place in the Pod.
    pub place: Place,
    /// Its evaluation, or the reason why the webhook skips it.
    pub verdict: Result<Explanation<'p>, SkipReason>,
}

/// Returns the evaluation of each image of a review.
///
/// # Errors
///
/// Returns an error if the body is not an `AdmissionReview`.
pub fn explain<'p>(
    body: &[u8],
    rules: Preview<'p>,
    disable_label: &str,
    caller: &Caller<'_>,
    scope: Scope<'_>,
) -> Result<Vec<ExplainedImage<'p>>, ReviewError> {
    let AdmissionReview { request, .. } = read(body)?;
    let explain_one = |image: &str, context: &Context<'_>| Ok(rules.explain(image, context, scope));
    let Ok(evaluated) = evaluate::<_, Infallible>(&request, disable_label, caller, explain_one);
    let images = evaluated.into_iter().flat_map(|pod| pod.images);
    Ok(images
        .map(|(field, verdict)| ExplainedImage {
            image: field
                .image
                .map_or_else(String::new, |image| image.clone().into_owned()),
            container: field.container.map(|name| name.clone().into_owned()),
            place: field.place,
            verdict: match verdict {
                Verdict::Skipped(reason) => Err(reason),
                Verdict::Evaluated(explanation) => Ok(explanation),
            },
        })
        .collect())
}

/// Returns the images of a review that the webhook would evaluate, each with its context.
///
/// # Errors
///
/// Returns an error if the body is not an `AdmissionReview`.
pub fn cases(body: &[u8], disable_label: &str, caller: &Caller<'_>) -> Result<Vec<Case>, ReviewError> {
    let AdmissionReview { request, .. } = read(body)?;
    let case = |image: &str, context: &Context<'_>| {
        Ok(Case {
            image: image.to_owned(),
            setting: Setting::from_context(context),
        })
    };
    let Ok(evaluated) = evaluate::<_, Infallible>(&request, disable_label, caller, case);
    let images = evaluated.into_iter().flat_map(|pod| pod.images);
    Ok(images
        .filter_map(|(_, verdict)| match verdict {
            Verdict::Evaluated(case) => Some(case),
            Verdict::Skipped(_) => None,
        })
        .collect())
}

//! Why the images of a review are decided as they are.

use super::error::ReviewError;
use super::evaluate::{Verdict, evaluate};
use super::outcome::SkipReason;
use super::policy::Caller;
use super::read::{AdmissionReview, read};
use crate::compile::Preview;
use crate::context::{Case, Place, Setting};
use crate::rules::{Explanation, Scope};

/// An image of a review, and how it is decided.
#[derive(Debug)]
pub struct ExplainedImage<'p> {
    /// The original image; empty if there is none.
    pub image: String,
    /// The name of its container, or volume.
    pub container: Option<String>,
    /// Where in the Pod it stands.
    pub place: Place,
    /// How it is decided, or why it is left alone.
    pub verdict: Result<Explanation<'p>, SkipReason>,
}

/// Tells how each image of a review is decided.
///
/// # Errors
///
/// Where the body is no `AdmissionReview`.
pub fn explain<'p>(
    body: &[u8],
    rules: Preview<'p>,
    disable_label: &str,
    caller: &Caller<'_>,
    scope: Scope<'_>,
) -> Result<Vec<ExplainedImage<'p>>, ReviewError> {
    let AdmissionReview { request, .. } = read(body)?;
    let evaluated = evaluate(&request, disable_label, caller, |image, context| {
        rules.explain(image, context, scope)
    });
    let images = evaluated.into_iter().flat_map(|pod| pod.images);
    Ok(images
        .map(|(field, verdict)| ExplainedImage {
            image: field
                .image
                .map_or_else(String::new, |image| image.clone().into_owned()),
            container: field.container.map(ToOwned::to_owned),
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
    let evaluated = evaluate(&request, disable_label, caller, |image, context| Case {
        image: image.to_owned(),
        setting: Setting::from_context(context),
    });
    let images = evaluated.into_iter().flat_map(|pod| pod.images);
    Ok(images
        .filter_map(|(_, verdict)| match verdict {
            Verdict::Evaluated(case) => Some(case),
            Verdict::Skipped(_) => None,
        })
        .collect())
}

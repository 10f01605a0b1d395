//! The images of a review on which another set differs from the active one.

use std::borrow::Cow;

use super::error::ReviewError;
use super::evaluate::{Verdict, evaluate};
use super::policy::{Caller, Policy};
use super::read::read;
use super::request::ReviewedRequest;
use crate::compare::{Difference, difference_until};
use crate::compile::RuleSet;

/// The differences between two sets in one review.
#[derive(Debug)]
pub struct ReviewDifferences<'a, 'o, 'n> {
    /// The request of the review.
    pub request: ReviewedRequest<'a>,
    /// Number of evaluated images.
    pub evaluated: usize,
    /// The images on which the sets differ, in the order of the review.
    pub images: Vec<ImageDifference<'a, 'o, 'n>>,
}

/// The difference between two sets on one image.
#[derive(Debug)]
pub struct ImageDifference<'a, 'o, 'n> {
    /// The original image.
    pub image: Cow<'a, str>,
    /// The decisions of both sets.
    pub decisions: Difference<'o, 'n>,
}

/// Evaluates the images of a review with the active set and with another one. It evaluates exactly those that
/// [`review`](super::review()) evaluates.
///
/// # Errors
///
/// Returns an error if the body is not an `AdmissionReview`, or if the evaluation is interrupted.
pub fn differences<'a, 'o, 'n>(
    body: &'a [u8],
    policy: &Policy<'o>,
    other: &'n RuleSet,
    caller: &Caller<'_>,
) -> Result<ReviewDifferences<'a, 'o, 'n>, ReviewError> {
    let review = read(body)?;
    let request = review.request;
    let pod = evaluate(&request, policy.disable_label, caller, |image, context| {
        difference_until(policy.rules, other, image, context, caller.interrupt)
    })?;
    let mut evaluated = 0;
    let mut images = Vec::new();
    for (field, verdict) in pod.map(|pod| pod.images).unwrap_or_default() {
        let Verdict::Evaluated(difference) = verdict else {
            continue;
        };
        evaluated += 1;
        images.extend(
            difference
                .zip(field.image)
                .map(|(decisions, image)| ImageDifference {
                    image: image.clone(),
                    decisions,
                }),
        );
    }
    Ok(ReviewDifferences {
        request: ReviewedRequest::new(review.uid, request, |object| object.metadata),
        evaluated,
        images,
    })
}

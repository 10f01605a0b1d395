//! The outcome of a review, for the answer, the log and the metrics.

use std::borrow::Cow;

use super::fights::Arrivals;
use super::pod::JsonPointer;
use super::request::ReviewedRequest;
use crate::label;
use crate::rules::RuleId;

/// An answered review.
#[derive(Debug)]
pub struct Reviewed<'a> {
    /// The body of the answer, an `AdmissionReview` in JSON.
    pub answer: Vec<u8>,
    /// The request that it answers.
    pub request: ReviewedRequest<'a>,
    /// Outcome of the whole review.
    pub outcome: ReviewOutcome,
    /// The lines that deny the object; in a dry run of the webhook, those that would.
    pub denial: Option<String>,
    /// The decision for each image. Of very many that are not evaluated, it has only the first ones.
    pub images: Vec<ImageDecision<'a>>,
    /// Further images that are not evaluated.
    pub more: SkippedImages,
    /// The places to which an original image came, which may be those of a fight.
    pub arrivals: Option<Arrivals<'a>>,
}

/// Numbers of images that are not evaluated, by the reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SkippedImages([usize; SkipReason::ALL.len()]);

/// The decision for one image.
#[derive(Debug)]
pub struct ImageDecision<'a> {
    /// The original image; empty if there is none.
    pub image: Cow<'a, str>,
    /// Name of its container, or of its volume.
    pub container: Option<Cow<'a, str>>,
    /// Location of its field in the object.
    pub pointer: JsonPointer,
    /// Its effect.
    pub effect: ImageEffect,
    /// The rule with this effect.
    pub rule: Option<RuleId>,
    /// All rules that decided, one for each round.
    pub rules: Vec<RuleId>,
}

/// The effect on an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageEffect {
    /// The rules keep it.
    Keep,
    /// A swap replaces it by this image.
    Swap(String),
    /// A rule denies it.
    Deny,
    /// A swap would replace it by this image, without the dry run of the webhook.
    WouldSwap(String),
    /// A rule would deny it, without the dry run of the webhook.
    WouldDeny,
    /// It was not evaluated, or the evaluation is invalid.
    Skipped(SkipReason),
}

/// The reason why the webhook does not evaluate an image, or does not change it after an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SkipReason {
    /// The object has the break-glass label.
    Disabled,
    /// The object is being deleted.
    Deleting,
    /// The object is a mirror pod.
    MirrorPod,
    /// The UPDATE does not change the image.
    Unchanged,
    /// The image is not a valid reference.
    InvalidImage,
    /// The rules produce a text that is not a valid reference.
    InvalidResult,
    /// The image is `auto`, which Istio's injector replaces.
    Auto,
    /// There is no image: the field is missing, empty or not a string.
    NoImage,
    /// The review has more images to evaluate than the webhook evaluates.
    TooMany,
}

/// The outcome of a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReviewOutcome {
    /// Allowed, with a patch.
    Patched,
    /// Allowed without a patch.
    Unchanged,
    /// Denied.
    Denied,
    /// Denied, because the review has more images to evaluate than the webhook evaluates.
    TooManyImages,
    /// Allowed without an evaluation: break glass, a mirror pod, or an object that is being deleted.
    Skipped,
    /// Allowed without the patch that it would have, without the dry run of the webhook.
    WouldSwap,
    /// Allowed although it would be denied, without the dry run of the webhook.
    WouldDeny,
}

/// A change of the break-glass label of a pod template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateChange {
    /// The template gets the label.
    Add,
    /// The template loses the label.
    Remove,
}

impl ImageEffect {
    /// Returns the reason of a skipped image, else the effect in one word.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Swap(_) => "swap",
            Self::Deny => "deny",
            Self::WouldSwap(_) => "would-swap",
            Self::WouldDeny => "would-deny",
            Self::Skipped(reason) => reason.as_str(),
        }
    }

    /// Returns the image that replaces the original one.
    #[must_use]
    pub fn result(&self) -> Option<&str> {
        match self {
            Self::Swap(result) | Self::WouldSwap(result) => Some(result),
            Self::Keep | Self::Deny | Self::WouldDeny | Self::Skipped(_) => None,
        }
    }
}

impl SkippedImages {
    pub(super) fn add(&mut self, reason: SkipReason, count: usize) {
        if let Some(counted) = self.0.get_mut(reason as usize) {
            *counted += count;
        }
    }

    /// Returns the number of images for each reason.
    pub fn counts(&self) -> impl Iterator<Item = (SkipReason, usize)> {
        SkipReason::ALL.into_iter().zip(self.0)
    }
}

// Values of the label `reason` in metrics and in JSON.
label!(SkipReason {
    Disabled => "disabled",
    Deleting => "deleting",
    MirrorPod => "mirror-pod",
    Unchanged => "unchanged",
    InvalidImage => "invalid-image",
    InvalidResult => "invalid-result",
    Auto => "auto",
    NoImage => "no-image",
    TooMany => "too-many",
});

// Values of the label `outcome` in metrics and in the log.
label!(ReviewOutcome {
    Patched => "patched",
    Unchanged => "unchanged",
    Denied => "denied",
    TooManyImages => "too-many-images",
    Skipped => "skipped",
    WouldSwap => "would-swap",
    WouldDeny => "would-deny",
});

// Values of a field in the log.
label!(TemplateChange {
    Add => "add",
    Remove => "remove",
});

//! The outcome of a review: for the answer, the log and the metrics.

use std::borrow::Cow;

use crate::context::Operation;
use crate::label;
use crate::rules::RuleId;

/// An answered review.
#[derive(Debug)]
pub struct Reviewed<'a> {
    /// The body of the answer, an `AdmissionReview` in JSON.
    pub answer: Vec<u8>,
    /// The uid of the request.
    pub uid: Cow<'a, str>,
    /// The object's kind; empty where the request names none.
    pub kind: Cow<'a, str>,
    /// The object's namespace.
    pub namespace: Option<Cow<'a, str>>,
    /// The object's name, or the prefix that its name will be made from.
    pub name: Option<Cow<'a, str>>,
    /// What is being done to the object.
    pub operation: Option<Operation>,
    /// Whether the caller asked for a dry run.
    pub dry_run: bool,
    /// What the answer says.
    pub outcome: ReviewOutcome,
    /// What was decided, image by image.
    pub images: Vec<ImageDecision<'a>>,
}

/// What was decided for one image.
#[derive(Debug)]
pub struct ImageDecision<'a> {
    /// The original image; empty if there is none.
    pub image: Cow<'a, str>,
    /// What was done with it.
    pub effect: ImageEffect,
    /// The rule whose effect it is.
    pub rule: Option<RuleId>,
    /// All rules that decided, in the order of the rounds.
    pub rules: Vec<RuleId>,
}

/// What was done with an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageEffect {
    /// It was looked at and stays.
    Keep,
    /// It becomes this one.
    Swap(String),
    /// It is refused.
    Deny,
    /// It was not evaluated, or the evaluation is invalid.
    Skipped(SkipReason),
}

/// The reason why the webhook does not evaluate an image, or does not change it after an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SkipReason {
    /// The break-glass label is set.
    Disabled,
    /// The object is being deleted.
    Deleting,
    /// The object is a static mirror pod.
    MirrorPod,
    /// The request does not change it.
    Unchanged,
    /// It is no image reference.
    InvalidImage,
    /// What a rule made of it is no image reference.
    InvalidResult,
    /// It is `auto`: Istio's injector fills it in.
    Auto,
    /// There is none: the field is missing, empty or no string.
    NoImage,
}

/// What an answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReviewOutcome {
    /// Allowed, with a patch.
    Patched,
    /// Allowed as it is.
    Unchanged,
    /// Refused.
    Denied,
    /// Allowed without an evaluation: break glass, a mirror pod, an object that is being deleted.
    Skipped,
}

// The values of the label `reason`, of metrics and of JSON.
label!(SkipReason {
    Disabled => "disabled",
    Deleting => "deleting",
    MirrorPod => "mirror-pod",
    Unchanged => "unchanged",
    InvalidImage => "invalid-image",
    InvalidResult => "invalid-result",
    Auto => "auto",
    NoImage => "no-image",
});

// The values of the label `outcome`, of metrics and of the log.
label!(ReviewOutcome {
    Patched => "patched",
    Unchanged => "unchanged",
    Denied => "denied",
    Skipped => "skipped",
});

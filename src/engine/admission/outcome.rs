//! The outcome of a review: for the answer, the log and the metrics.

use std::borrow::Cow;
use std::fmt;

use crate::context::Operation;
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
    pub outcome: Outcome,
    /// What was decided, image by image.
    pub images: Vec<ImageDecision<'a>>,
}

/// What was decided for one image.
#[derive(Debug)]
pub struct ImageDecision<'a> {
    /// The image as the manifest spells it; empty where there is none.
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
    /// It was not looked at, or stays because it makes no sense.
    Left(LeftReason),
}

/// Why an image was left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LeftReason {
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
    /// It is spelled `auto`: Istio's injector fills it in.
    Auto,
    /// There is none: the field is missing, empty or no string.
    NoImage,
}

/// What an answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Allowed, with a patch.
    Patched,
    /// Allowed as it is.
    Unchanged,
    /// Refused.
    Denied,
    /// Allowed without a look: break glass, a mirror pod, an object that is being deleted.
    Left,
}

/// Why a body is no review: one line for the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewError(pub(super) String);

impl fmt::Display for ReviewError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ReviewError {}

impl LeftReason {
    /// Every reason there is.
    pub const ALL: &'static [Self] = &[
        Self::Disabled,
        Self::Deleting,
        Self::MirrorPod,
        Self::Unchanged,
        Self::InvalidImage,
        Self::InvalidResult,
        Self::Auto,
        Self::NoImage,
    ];

    /// The value of the label `reason` in metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Deleting => "deleting",
            Self::MirrorPod => "mirror-pod",
            Self::Unchanged => "unchanged",
            Self::InvalidImage => "invalid-image",
            Self::InvalidResult => "invalid-result",
            Self::Auto => "auto",
            Self::NoImage => "no-image",
        }
    }
}

impl Outcome {
    /// The value of the label `outcome` in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Patched => "patched",
            Self::Unchanged => "unchanged",
            Self::Denied => "denied",
            Self::Left => "left",
        }
    }
}

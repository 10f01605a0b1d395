//! What was decided for an image.

use crate::reference::ReferenceError;

/// What was decided for an image, and by which rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision<'r> {
    /// What is done.
    pub effect: Effect,
    /// The rule that decided last; none where no rule matched.
    pub rule: Option<RuleId>,
    /// The warn rules that spoke, in the order in which they first did.
    pub warnings: Vec<RuleId>,
    /// The pull secrets to be added, in order.
    pub pull_secrets: Vec<&'r str>,
}

/// What is done with an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It stays as it is written.
    Keep,
    /// It is replaced by this one.
    Swap(String),
    /// The object is refused.
    Deny,
    /// It stays because it makes no sense.
    Invalid(Invalid),
}

/// What makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invalid {
    /// The image of the manifest is no reference.
    Image(ReferenceError),
    /// A rule made this of it, which is none.
    Result(String),
}

/// A rule of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(pub(crate) u32);

impl RuleId {
    /// The old configuration beside the rules.
    pub(crate) const LEGACY: Self = Self(u32::MAX);
}

impl Decision<'_> {
    pub(crate) fn keep() -> Self {
        Self::new(Effect::Keep, None)
    }

    pub(crate) fn invalid(error: ReferenceError) -> Self {
        Self::new(Effect::Invalid(Invalid::Image(error)), None)
    }

    fn new(effect: Effect, rule: Option<RuleId>) -> Self {
        Self {
            effect,
            rule,
            warnings: Vec::new(),
            pull_secrets: Vec::new(),
        }
    }
}

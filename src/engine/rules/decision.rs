//! The result of an evaluation.

use std::fmt;

use super::id::RuleId;
use crate::reference::ReferenceError;

/// The effect on an image, and the rules that produced it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision<'r> {
    pub(crate) effect: Effect,
    /// The swaps that matched, one a round; the map counts as one.
    pub(crate) swaps: Vec<RuleId>,
    /// The `keep` or `deny` of the last round.
    pub(crate) ended_by: Option<RuleId>,
    pub(crate) warnings: Vec<RuleId>,
    pub(crate) pull_secrets: Vec<&'r str>,
}

/// A decision, and every rule that matched on the way to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched<'r> {
    /// The decision.
    pub decision: Decision<'r>,
    /// The rules that matched, round by round: those that warn, and after them the one that decides.
    pub rules: Vec<RuleId>,
}

/// An effect on an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The image is kept.
    Keep,
    /// This image replaces it.
    Swap(String),
    /// The object is denied.
    Deny,
    /// The image is kept, because it or the result of the rules is not valid.
    Invalid(Invalid),
}

/// The reason why an image is invalid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invalid {
    /// The original image is not a reference.
    Image(ReferenceError),
    /// The result of a rule is not a reference.
    Result(String),
}

/// An evaluation in which a swap matches after as many rounds as a settled one can have.
///
/// A verified set has none: its termination check rejects every cycle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoesNotSettle {
    /// Number of rounds.
    pub rounds: usize,
    /// The image with which the next round would begin.
    pub image: String,
}

impl fmt::Display for DoesNotSettle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rounds, image } = self;
        write!(
            f,
            "does not settle: after {rounds} rounds the rules would evaluate `{image}` again"
        )
    }
}

impl<'r> Decision<'r> {
    /// Returns the effect on the image.
    #[must_use]
    pub fn effect(&self) -> &Effect {
        &self.effect
    }

    /// Returns the effect on the image, by value.
    #[must_use]
    pub fn into_effect(self) -> Effect {
        self.effect
    }

    /// Returns the rules that decided, in the order of the rounds; none if no rule matched.
    pub fn rules(&self) -> impl Iterator<Item = RuleId> {
        self.swaps.iter().copied().chain(self.ended_by)
    }

    /// Returns the swap that produced the result.
    #[must_use]
    pub fn last_swap(&self) -> Option<RuleId> {
        self.swaps.last().copied()
    }

    /// Returns the last rule that decided: for a swapped image it can be the `keep` that ended the evaluation.
    #[must_use]
    pub fn last_rule(&self) -> Option<RuleId> {
        self.ended_by.or_else(|| self.last_swap())
    }

    /// Returns the rule that the effect counts for: for a swapped image its last swap, else the last rule that decided.
    #[must_use]
    pub fn counted_rule(&self) -> Option<RuleId> {
        match self.effect {
            Effect::Swap(_) => self.last_swap(),
            Effect::Keep | Effect::Deny | Effect::Invalid(_) => self.last_rule(),
        }
    }

    /// Returns the `warn` rules that matched, in the order in which they first did.
    #[must_use]
    pub fn warnings(&self) -> &[RuleId] {
        &self.warnings
    }

    /// Returns the names of the pull secrets to add, in order.
    #[must_use]
    pub fn pull_secrets(&self) -> &[&'r str] {
        &self.pull_secrets
    }

    pub(crate) fn keep() -> Self {
        Self::without_rule(Effect::Keep)
    }

    pub(crate) fn invalid(reason: Invalid) -> Self {
        Self::without_rule(Effect::Invalid(reason))
    }

    fn without_rule(effect: Effect) -> Self {
        Self {
            effect,
            swaps: Vec::new(),
            ended_by: None,
            warnings: Vec::new(),
            pull_secrets: Vec::new(),
        }
    }
}

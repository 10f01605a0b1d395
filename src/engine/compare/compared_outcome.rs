//! The outcome of an image in a compared set.

use crate::rules::{Effect, RuleId};

/// The outcome of the evaluation of an image, without the rules that decided: a chain may have many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComparedOutcome<'r> {
    /// The effect on the image.
    pub effect: Effect,
    /// The rule that denies.
    pub denied_by: Option<RuleId>,
    /// The rules that warn, in order.
    pub warnings: Vec<RuleId>,
    /// The pull secrets, in order.
    pub pull_secrets: Vec<&'r str>,
}

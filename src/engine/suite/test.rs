//! A test, and the check of a decision.

use crate::context::Setting;
use crate::diagnostic::Span;
use crate::rules::image::Image;
use crate::rules::{Decision, Effect};

/// A `test` statement.
#[derive(Clone, Debug)]
pub struct Test {
    /// Position of the statement.
    pub span: Span,
    /// The image to evaluate.
    pub image: Box<str>,
    /// The outcome that passes.
    pub expected: Expected,
    pub(crate) setting: Setting,
}

/// The outcome that passes a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// This image in canonical form, swapped or not.
    Image(Box<str>),
    /// The image is kept.
    Keep,
    /// The object is denied.
    Deny,
    /// A `warn` rule matches.
    Warn,
}

impl Test {
    pub(super) fn is_passed_by(&self, decision: &Decision<'_>) -> bool {
        match (&self.expected, decision.effect()) {
            (Expected::Image(expected), Effect::Keep) => is_same(expected, &self.image),
            (Expected::Image(expected), Effect::Swap(result)) => is_same(expected, result),
            (Expected::Keep, Effect::Keep) | (Expected::Deny, Effect::Deny) => true,
            (Expected::Warn, _) => !decision.warnings().is_empty(),
            _ => false,
        }
    }
}

pub(super) fn is_same(one: &str, other: &str) -> bool {
    match (Image::parse(one), Image::parse(other)) {
        (Ok(one), Ok(other)) => one.is_same(&other),
        _ => one == other,
    }
}

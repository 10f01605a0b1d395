//! The evaluation of one image with two sets.

use super::walks::EndKind;
use crate::compile::RuleSet;
use crate::context::Context;
use crate::rules::image::Image;
use crate::rules::{Compiled, Decision, Interrupt, Interrupted, RuleId};

/// The decisions of two sets on an image, if they differ.
#[derive(Clone, Debug)]
pub struct Difference<'o, 'n> {
    /// Decision of the old set.
    pub old: Decision<'o>,
    /// Decision of the new set.
    pub new: Decision<'n>,
}

/// Evaluates an image with two sets. Returns `None` if the results are the same.
///
/// It compares the results: the image in canonical form, the effect, warnings and denials, and the pull secrets. It
/// does not compare the deciding rules, because the same meaning may be written in other rules.
#[must_use]
pub fn difference<'o, 'n>(
    old: &'o RuleSet,
    new: &'n RuleSet,
    image: &str,
    context: &Context<'_>,
) -> Option<Difference<'o, 'n>> {
    let difference = Difference {
        old: old.evaluate(image, context),
        new: new.evaluate(image, context),
    };
    (!is_same(old, new, image, &difference)).then_some(difference)
}

/// Like [`difference()`], until it is interrupted.
///
/// # Errors
///
/// Returns an error if it was interrupted.
pub fn difference_until<'o, 'n>(
    old: &'o RuleSet,
    new: &'n RuleSet,
    image: &str,
    context: &Context<'_>,
    interrupt: Option<&Interrupt<'_>>,
) -> Result<Option<Difference<'o, 'n>>, Interrupted> {
    let difference = Difference {
        old: old.evaluate_until(image, context, interrupt)?,
        new: new.evaluate_until(image, context, interrupt)?,
    };
    Ok((!is_same(old, new, image, &difference)).then_some(difference))
}

fn is_same(old_set: &RuleSet, new_set: &RuleSet, image: &str, difference: &Difference<'_, '_>) -> bool {
    let [old, new] = [(old_set, &difference.old), (new_set, &difference.new)].map(|(set, decision)| {
        let (kind, image) = EndKind::of(decision.effect(), image);
        ComparedOutcome {
            set,
            kind,
            image,
            rule: decision.last_rule(),
            warnings: decision.warnings(),
            pull_secrets: decision.pull_secrets(),
        }
    });
    old.is_same(&new)
}

/// The parts of an evaluation that are compared.
pub(super) struct ComparedOutcome<'o> {
    pub(super) set: &'o Compiled,
    pub(super) kind: EndKind,
    /// The image after the evaluation.
    pub(super) image: &'o str,
    /// The rule that denies.
    pub(super) rule: Option<RuleId>,
    pub(super) warnings: &'o [RuleId],
    pub(super) pull_secrets: &'o [&'o str],
}

impl ComparedOutcome<'_> {
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let is_same_end = self.kind == other.kind
            && match self.kind {
                EndKind::Image => is_same_image(self.image, other.image),
                EndKind::Deny => self.because(self.rule) == other.because(other.rule),
                EndKind::Invalid => true,
            };
        is_same_end
            && self.pull_secrets == other.pull_secrets
            && self.warnings.len() == other.warnings.len()
            && self
                .warnings
                .iter()
                .zip(other.warnings)
                .all(|(one, another)| self.because(Some(*one)) == other.because(Some(*another)))
    }

    fn because(&self, rule: Option<RuleId>) -> Option<&str> {
        self.set.because(rule?)
    }
}

fn is_same_image(old: &str, new: &str) -> bool {
    old == new
        || match (Image::parse(old), Image::parse(new)) {
            (Ok(old), Ok(new)) => old.is_same(&new),
            _ => false,
        }
}

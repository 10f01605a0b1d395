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
    let Difference { old, new } = difference;
    let [old_end, new_end] = [(old_set, old), (new_set, new)].map(|(set, decision)| {
        let (kind, image) = EndKind::of(decision.effect(), image);
        ComparedEnd {
            set,
            kind,
            image,
            rule: decision.last_rule(),
        }
    });
    let is_same_text = |(old, new): (&RuleId, &RuleId)| old_set.because(*old) == new_set.because(*new);
    old_end.is_same(&new_end)
        && old.pull_secrets() == new.pull_secrets()
        && old.warnings().len() == new.warnings().len()
        && old.warnings().iter().zip(new.warnings()).all(is_same_text)
}

/// The parts of the end of an evaluation that are compared.
pub(super) struct ComparedEnd<'o> {
    pub(super) set: &'o Compiled,
    pub(super) kind: EndKind,
    /// The image after the evaluation.
    pub(super) image: &'o str,
    /// The rule that denies.
    pub(super) rule: Option<RuleId>,
}

impl ComparedEnd<'_> {
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.kind == other.kind
            && match self.kind {
                EndKind::Image => is_same_image(self.image, other.image),
                EndKind::Deny => self.because() == other.because(),
                EndKind::Invalid => true,
            }
    }

    fn because(&self) -> Option<&str> {
        self.set.because(self.rule?)
    }
}

fn is_same_image(old: &str, new: &str) -> bool {
    old == new
        || match (Image::parse(old), Image::parse(new)) {
            (Ok(old), Ok(new)) => old.is_same(&new),
            _ => false,
        }
}

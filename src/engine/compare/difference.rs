//! The evaluation of one image with two sets.

use crate::compile::RuleSet;
use crate::context::Context;
use crate::rules::image::Image;
use crate::rules::{Decision, Effect, Interrupt, Interrupted};

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
    let is_same_effect = match (old.effect(), new.effect()) {
        (Effect::Deny, Effect::Deny) => because(old_set, old) == because(new_set, new),
        (Effect::Invalid(_), Effect::Invalid(_)) => true,
        (Effect::Keep | Effect::Swap(_), Effect::Keep | Effect::Swap(_)) => {
            is_same_image(result(image, old.effect()), result(image, new.effect()))
        }
        _ => false,
    };
    is_same_effect
        && old.pull_secrets() == new.pull_secrets()
        && old.warnings().len() == new.warnings().len()
        && old
            .warnings()
            .iter()
            .zip(new.warnings())
            .all(|(old, new)| old_set.because(*old) == new_set.because(*new))
}

fn because<'r>(set: &'r RuleSet, decision: &Decision<'_>) -> Option<&'r str> {
    set.because(decision.last_rule()?)
}

/// Returns the image after an effect.
fn result<'e>(image: &'e str, effect: &'e Effect) -> &'e str {
    match effect {
        Effect::Swap(result) => result,
        _ => image,
    }
}

fn is_same_image(old: &str, new: &str) -> bool {
    old == new
        || match (Image::parse(old), Image::parse(new)) {
            (Ok(old), Ok(new)) => old.is_same(&new),
            _ => false,
        }
}

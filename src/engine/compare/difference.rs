//! One image, decided in two sets.

use crate::compile::RuleSet;
use crate::context::Context;
use crate::rules::image::Image;
use crate::rules::{Decision, Effect};

/// What two sets do with one image, where that is not the same.
#[derive(Clone, Debug)]
pub struct Difference<'o, 'n> {
    /// What the old set does.
    pub old: Decision<'o>,
    /// What the new set does.
    pub new: Decision<'n>,
}

/// Decides an image in two sets; none where the same comes out.
///
/// Compared is what comes out, by meaning: the image (however it is spelled), or that it stays or is refused; what the
/// caller is told; the pull secrets. Which rule decides is not: rules may be written in another way.
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

/// The image that stands there afterwards.
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

//! The proof: what the old configuration and the new rules do with the same images.

use std::collections::HashSet;

use imageswap_engine::compare::difference;
use imageswap_engine::compile::RuleSet;
use imageswap_engine::context::Setting;

use crate::outcome::Outcome;
use crate::progress::Progress;
use crate::reason::{Reason, Reasons};

/// What was compared, and what came of it.
#[derive(Debug, Default)]
pub struct Comparison {
    /// How many images were made from the old configuration and the new rules.
    pub samples: usize,
    /// How many were given.
    pub given: usize,
    /// Whether there was more to compare than there are bounds for.
    pub is_partial: bool,
    /// Those that are not treated alike: the given ones first.
    pub differences: Vec<Difference>,
}

/// An image that is not treated as before.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The image.
    pub image: String,
    /// Whether it was given, and not made up.
    pub is_given: bool,
    /// What the old configuration makes of it.
    pub old: Outcome,
    /// What the rules make of it.
    pub new: Outcome,
    /// Why; none where that is not known, and so a mistake.
    pub reason: Option<Reason>,
}

impl Comparison {
    /// The differences that nothing explains.
    pub fn unexplained(&self) -> impl Iterator<Item = &Difference> {
        self.differences
            .iter()
            .filter(|difference| difference.reason.is_none())
    }
}

/// Compares two sets over images that are given, and over those that are made.
pub(crate) fn compare(
    old: &RuleSet,
    new: &RuleSet,
    reasons: &Reasons<'_>,
    given: &[String],
    samples: &[String],
    is_partial: bool,
    progress: &Progress,
) -> Comparison {
    let setting = Setting::default();
    let context = setting.context();
    let mut comparison = Comparison {
        is_partial,
        ..Comparison::default()
    };
    let mut known = HashSet::new();
    let given = given.iter().map(|image| (image, true));
    let all = given.chain(samples.iter().map(|image| (image, false)));
    for (image, is_given) in progress.over("comparing", all) {
        if !known.insert(image.as_str()) {
            continue;
        }
        *(if is_given {
            &mut comparison.given
        } else {
            &mut comparison.samples
        }) += 1;
        let Some(difference) = difference(old, new, image, &context) else {
            continue;
        };
        let (old, new) = (
            Outcome::from(difference.old.into_effect()),
            Outcome::from(difference.new.into_effect()),
        );
        // Where no image came of it, it stayed; that it stays is no difference.
        if old.image().is_none() && new.image().is_none() {
            continue;
        }
        let reason = reasons.reason(image, &old, &new);
        comparison.differences.push(Difference {
            image: image.clone(),
            is_given,
            old,
            new,
            reason,
        });
    }
    comparison
}

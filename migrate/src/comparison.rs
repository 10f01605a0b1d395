//! The comparison: the old configuration and the rules, evaluated over the same images.

use std::collections::HashSet;

use imageswap_engine::compare::difference;
use imageswap_engine::compile::RuleSet;
use imageswap_engine::context::Setting;

use crate::outcome::Outcome;
use crate::progress::Progress;
use crate::reason::{Reason, Reasons};

/// The images that were compared, and the differences.
#[derive(Debug, Default)]
pub struct Comparison {
    /// Number of sample images, derived from the old configuration and the rules.
    pub samples: usize,
    /// Number of given images.
    pub given: usize,
    /// True if a limit ended the derivation of sample images.
    pub is_partial: bool,
    /// Images whose outcome differs, given images first.
    pub differences: Vec<Difference>,
}

/// An image whose outcome differs.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The image.
    pub image: String,
    /// True for a given image, false for a sample image.
    pub is_given: bool,
    /// The outcome in the old configuration.
    pub old: Outcome,
    /// The outcome by the rules.
    pub new: Outcome,
    /// The reason. `None` if it is unknown, which is a bug of `migrate`.
    pub reason: Option<Reason>,
}

impl Comparison {
    /// Returns the differences without a reason.
    pub fn unexplained(&self) -> impl Iterator<Item = &Difference> {
        self.differences
            .iter()
            .filter(|difference| difference.reason.is_none())
    }
}

/// Compares two sets over given images and sample images.
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
        // An invalid result keeps the image, so it does not differ from a kept image.
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

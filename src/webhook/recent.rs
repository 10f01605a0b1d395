//! Objects that were denied or skipped lately, for the page: their names, and never their images.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use imageswap_engine::admission::{
    ConfigMapReview, ImageDecision, ImageEffect, ReviewOutcome, Reviewed, ReviewedRequest, SkipReason,
};
use imageswap_engine::compile::RuleSet;
use imageswap_engine::context::Operation;

use super::metrics::RuleCounts;

/// Maximum number of objects in each list.
const MAX_OBJECTS: usize = 50;
/// Maximum number of reasons of an object. Its containers mostly have the same.
const MAX_REASONS: usize = 10;
/// Maximum length of a name, in characters: that of names in Kubernetes.
const MAX_NAME: usize = 253;

/// The last objects that were denied, and the last ones that were skipped. The lists are separate, so that many skipped
/// Pods do not hide a denied one.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    denied: Mutex<VecDeque<RecentObject>>,
    skipped: Mutex<VecDeque<RecentObject>>,
}

/// An object of one or several reviews with the same outcome: a controller that creates its Pods again and again has one.
#[derive(Clone, Debug)]
pub(crate) struct RecentObject {
    pub(crate) review: RecentReview,
    /// The time of its last review.
    pub(crate) last: SystemTime,
    /// The number of its reviews.
    pub(crate) times: u64,
}

/// A review whose object was denied or skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RecentReview {
    pub(crate) kind: String,
    pub(crate) namespace: Option<String>,
    /// Name of the object, or the prefix that the API server generates it from.
    pub(crate) name: Option<String>,
    pub(crate) operation: Option<Operation>,
    /// True if the caller asked for a dry run.
    pub(crate) dry_run: bool,
    pub(crate) reasons: Vec<RecentReason>,
    /// Number of further images.
    pub(crate) more: usize,
}

/// The reason of one image, or of the whole object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RecentReason {
    pub(crate) effect: RecentEffect,
    /// The container or the volume, such as `container web`; `None` for the whole object.
    pub(crate) element: Option<String>,
    /// The rule, as in the metrics.
    pub(crate) rule: Option<String>,
}

/// The effect on an image, or on an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecentEffect {
    Denied,
    WouldDeny,
    Skipped(SkipReason),
    /// A change of a ConfigMap, after which the rules would not load.
    InvalidRules,
}

impl Recent {
    /// Records a review whose object, or an image of it, was denied or skipped.
    pub(crate) fn reviewed(&self, reviewed: &Reviewed<'_>, rules: &RuleSet, counts: &RuleCounts) {
        let is_denied = match reviewed.outcome {
            ReviewOutcome::Denied | ReviewOutcome::WouldDeny | ReviewOutcome::TooManyImages => true,
            ReviewOutcome::Patched
            | ReviewOutcome::Unchanged
            | ReviewOutcome::Skipped
            | ReviewOutcome::WouldSwap => false,
        };
        let listed = |image: &&ImageDecision<'_>| effect_of(image, is_denied).is_some();
        // Nearly every review ends here.
        if !reviewed.images.iter().any(|image| listed(&image)) {
            return;
        }
        let mut review = RecentReview::new(&reviewed.request);
        for image in reviewed.images.iter().filter(listed) {
            let Some(effect) = effect_of(image, is_denied) else {
                continue;
            };
            let is_whole = effect.is_of_object();
            if review.reasons.len() >= MAX_REASONS
                || is_whole && review.reasons.iter().any(|known| known.effect == effect)
            {
                review.more += usize::from(!is_whole);
                continue;
            }
            let element = image.pointer.element();
            let element = match &image.container {
                Some(name) => format!("{} {}", element.kind(), clipped(name)),
                None => element.to_string(),
            };
            review.reasons.push(RecentReason {
                effect,
                element: (!is_whole).then_some(element),
                rule: image.rule.map(|rule| counts.label(rules, rule).to_owned()),
            });
        }
        self.push(review, is_denied);
    }

    /// Records a denied change of a ConfigMap.
    pub(crate) fn denied_rules(&self, review: &ConfigMapReview<'_>) {
        let mut denied = RecentReview::new(&review.request);
        denied.reasons.push(RecentReason {
            effect: RecentEffect::InvalidRules,
            element: None,
            rule: None,
        });
        self.push(denied, true);
    }

    /// Returns the denied objects, the last one first.
    pub(crate) fn denied(&self) -> Vec<RecentObject> {
        lock(&self.denied).iter().cloned().collect()
    }

    /// Returns the skipped objects, the last one first.
    pub(crate) fn skipped(&self) -> Vec<RecentObject> {
        lock(&self.skipped).iter().cloned().collect()
    }

    fn push(&self, review: RecentReview, is_denied: bool) {
        let last = SystemTime::now();
        let mut objects = lock(if is_denied { &self.denied } else { &self.skipped });
        let known = objects.iter().position(|known| known.review == review);
        let times = known
            .and_then(|known| objects.remove(known))
            .map_or(0, |known| known.times);
        objects.truncate(MAX_OBJECTS - 1);
        objects.push_front(RecentObject {
            review,
            last,
            times: times + 1,
        });
    }
}

fn lock(objects: &Mutex<VecDeque<RecentObject>>) -> MutexGuard<'_, VecDeque<RecentObject>> {
    objects.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the effect on an image if it belongs in a list. `is_denied` is true for the list of denied objects.
fn effect_of(image: &ImageDecision<'_>, is_denied: bool) -> Option<RecentEffect> {
    match image.effect {
        ImageEffect::Deny => Some(RecentEffect::Denied),
        ImageEffect::WouldDeny => Some(RecentEffect::WouldDeny),
        // Most updates change no image, and would fill the list.
        ImageEffect::Skipped(SkipReason::Unchanged) => None,
        ImageEffect::Skipped(SkipReason::TooMany) => Some(RecentEffect::Skipped(SkipReason::TooMany)),
        // The reason of a denial is another image.
        ImageEffect::Skipped(_) if is_denied => None,
        ImageEffect::Skipped(reason) => Some(RecentEffect::Skipped(reason)),
        ImageEffect::Keep | ImageEffect::Swap(_) | ImageEffect::WouldSwap(_) => None,
    }
}

impl RecentEffect {
    /// Returns true if all images of an object have it.
    const fn is_of_object(self) -> bool {
        matches!(
            self,
            Self::InvalidRules
                | Self::Skipped(
                    SkipReason::Disabled | SkipReason::Deleting | SkipReason::MirrorPod | SkipReason::TooMany
                )
        )
    }
}

impl RecentReview {
    fn new(request: &ReviewedRequest<'_>) -> Self {
        Self {
            kind: clipped(&request.kind),
            namespace: request.namespace.as_deref().map(clipped),
            name: request.name.as_deref().map(clipped),
            operation: request.operation,
            dry_run: request.dry_run,
            reasons: Vec::new(),
            more: 0,
        }
    }
}

/// Returns the start of a name. A client can send one of a megabyte.
fn clipped(name: &str) -> String {
    name.chars().take(MAX_NAME).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn review(name: &str) -> RecentReview {
        RecentReview {
            kind: "Pod".to_owned(),
            namespace: None,
            name: Some(name.to_owned()),
            operation: None,
            dry_run: false,
            reasons: Vec::new(),
            more: 0,
        }
    }

    #[test]
    fn list_is_bounded_and_repeated_review_has_one_entry() {
        let recent = Recent::default();
        for number in 0..2 * MAX_OBJECTS {
            recent.push(review(&number.to_string()), false);
        }
        recent.push(review("99"), false);
        recent.push(review("60"), false);
        recent.push(review("60"), true);
        let skipped = recent.skipped();
        assert_eq!(skipped.len(), MAX_OBJECTS);
        let first = skipped
            .iter()
            .take(2)
            .map(|object| (object.review.name.as_deref(), object.times));
        assert_eq!(first.collect::<Vec<_>>(), [(Some("60"), 2), (Some("99"), 2)]);
        assert_eq!(recent.denied().len(), 1);
    }
}

//! Redundant rules: rules that can be removed without changing a result.

use std::collections::{BTreeSet, HashMap, HashSet};

use imageswap_engine::compare::Cases;
use imageswap_engine::compile::{Preview, RuleSet};
use imageswap_engine::context::Setting;
use imageswap_engine::reference::canonical;
use imageswap_engine::rules::{Effect, RuleId};

use crate::progress::Progress;
use crate::rule::Rule;

/// Returns the sample images of a comparison: those of the patterns of both sets, and those of the rules. Also returns
/// true if a limit ended their derivation.
pub(crate) fn images(
    old: &RuleSet,
    new: Preview<'_>,
    rules: &[Rule],
    progress: &Progress,
) -> (Vec<String>, bool) {
    let mut known = HashSet::new();
    let samples = rules.iter().flat_map(|rule| rule.samples.iter().cloned());
    let mut images: Vec<String> = samples.filter(|image| known.insert(image.clone())).collect();
    let mut cases = Cases::new(&[old, new.compiled()]);
    images.extend(
        progress
            .over("deriving images", cases.by_ref())
            .map(|case| case.image)
            .filter(|image| known.insert(image.clone())),
    );
    (images, cases.is_partial())
}

/// Returns the indexes of rules that can be removed together without changing a result. A rule that decides no image is
/// removed only if the lints show that it never fires.
///
/// Each rule is tried only with the images that it decides, because other images do not change without it.
pub(crate) fn redundant(
    set: Preview<'_>,
    images: &[String],
    never_fire: impl FnOnce() -> BTreeSet<usize>,
    progress: &Progress,
) -> Vec<usize> {
    let mut trial = Trial::new(set, images, progress);
    let mut never_fire = Some(never_fire);
    let mut shown = BTreeSet::new();
    let mut redundant = Vec::new();
    for (at, images) in trial.images_by_rule.iter().enumerate() {
        let is_spare = if images.is_empty() {
            if let Some(never_fire) = never_fire.take() {
                shown = never_fire();
            }
            shown.contains(&at)
        } else {
            trial.is_same_without(&[trial.ids[at]], images.iter().copied())
        };
        redundant.extend(is_spare.then_some(at));
    }
    let all: Vec<RuleId> = redundant.iter().map(|at| trial.ids[*at]).collect();
    let images = redundant
        .iter()
        .flat_map(|at| trial.images_by_rule[*at].iter().copied());
    if trial.is_same_without(&all, images) {
        return redundant;
    }
    // Two of them may replace each other, so they are tried one after another, from the last.
    let mut removed: Vec<RuleId> = Vec::new();
    redundant.reverse();
    redundant.retain(|at| trial.remove(*at, &mut removed));
    redundant
}

/// A set, while rules are removed from it.
struct Trial<'s> {
    set: Preview<'s>,
    ids: Vec<RuleId>,
    /// For each rule, the images that it decides in some round, and possibly others.
    images_by_rule: Vec<Vec<&'s str>>,
    setting: Setting,
}

impl<'s> Trial<'s> {
    fn new(set: Preview<'s>, images: &'s [String], progress: &Progress) -> Self {
        let mut trial = Self {
            set,
            ids: set.rules().map(|rule| rule.id).collect(),
            images_by_rule: vec![Vec::new(); set.len()],
            setting: Setting::default(),
        };
        for image in progress.over("searching for redundant rules", images.iter()) {
            trial.note(&[], image);
        }
        trial
    }

    /// Records the rules that decide an image if some rules are removed.
    fn note(&mut self, without: &[RuleId], image: &'s str) {
        let matched = self.set.evaluate_without(without, image, &self.setting.context());
        // An error is ignored here: rules that form a cycle are reported once all others have been tried.
        for rule in matched.map(|matched| matched.rules).unwrap_or_default() {
            if let Some(of_rule) = self
                .set
                .position(rule)
                .and_then(|at| self.images_by_rule.get_mut(at))
            {
                of_rule.push(image);
            }
        }
    }

    fn is_same_without(&self, rules: &[RuleId], mut images: impl Iterator<Item = &'s str>) -> bool {
        let context = self.setting.context();
        images.all(|image| {
            let with = self.set.evaluate(image, &context);
            let without = self.set.evaluate_without(rules, image, &context);
            match (with, without) {
                (Ok(with), Ok(without)) => is_same(image, with.effect(), without.decision.effect()),
                (with, without) => with.is_err() && without.is_err(),
            }
        })
    }

    /// Removes one more rule if that changes no result. Other rules then decide its images.
    fn remove(&mut self, at: usize, removed: &mut Vec<RuleId>) -> bool {
        removed.insert(0, self.ids[at]);
        let images = std::mem::take(&mut self.images_by_rule[at]);
        if !self.is_same_without(removed, images.iter().copied()) {
            removed.remove(0);
            return false;
        }
        for image in images {
            self.note(removed, image);
        }
        true
    }
}

/// Returns the images that each rule decides in the first round, at most `most` for each rule.
pub(crate) fn decided<'i>(
    set: Preview<'_>,
    images: &'i [String],
    most: usize,
    progress: &Progress,
) -> HashMap<usize, Vec<&'i str>> {
    let setting = Setting::default();
    let context = setting.context();
    let mut decided: HashMap<usize, Vec<&str>> = HashMap::new();
    for image in progress.over("writing tests", images.iter()) {
        let Ok(matched) = set.evaluate_without(&[], image, &context) else {
            continue;
        };
        // Migrated rules never warn, so the first rule that matches decides the first round.
        if let Some(at) = matched.rules.first().and_then(|rule| set.position(*rule)) {
            let known = decided.entry(at).or_default();
            if known.len() < most {
                known.push(image);
            }
        }
    }
    decided
}

fn is_same(image: &str, one: &Effect, other: &Effect) -> bool {
    let result = |effect: &Effect| match effect {
        Effect::Swap(result) => canonical(result),
        _ => canonical(image),
    };
    one == other || result(one) == result(other)
}

//! Which rules could be left out without changing a result.

use std::collections::{BTreeSet, HashMap, HashSet};

use imageswap_engine::compare::Cases;
use imageswap_engine::rules::{Effect, RuleId, RuleSet, Setting};

use crate::place::written_out;
use crate::progress::Progress;
use crate::rule::Rule;

/// The images that a set is tried with: those of its own patterns and of the old set, and the samples of its rules.
pub(crate) fn images(
    old: &RuleSet,
    new: &RuleSet,
    rules: &[Rule],
    progress: &Progress,
) -> (Vec<String>, bool) {
    let mut known = HashSet::new();
    let samples = rules.iter().flat_map(|rule| rule.samples.iter().cloned());
    let mut images: Vec<String> = samples.filter(|image| known.insert(image.clone())).collect();
    let mut cases = Cases::new(&[old, new]);
    images.extend(
        progress
            .over("making images", cases.by_ref())
            .map(|case| case.image)
            .filter(|image| known.insert(image.clone())),
    );
    (images, cases.is_partial())
}

/// The rules without those that change no result, by their places. A rule that decides no image at all is left out only
/// where it is shown to fire never.
pub(crate) fn needed(
    set: &RuleSet,
    images: &[String],
    never_fire: &BTreeSet<usize>,
    progress: &Progress,
) -> Vec<bool> {
    let setting = Setting::default();
    let context = setting.context();
    let mut needed: Vec<Option<bool>> = vec![None; set.len()];
    for image in progress.over("looking for rules that can be left out", images.iter()) {
        let with = set.decide_without(&[], image, &context);
        for rule in with.rules {
            let Some(Some(place)) = set.position(rule).map(|at| needed.get_mut(at)) else {
                continue;
            };
            if *place != Some(true) {
                let without = set.decide_without(&[rule], image, &context);
                *place = Some(!is_same(image, &with.decision.effect, &without.decision.effect));
            }
        }
    }
    let needed = needed.into_iter().enumerate();
    needed
        .map(|(at, needed)| needed.unwrap_or_else(|| !never_fire.contains(&at)))
        .collect()
}

/// Of rules that may be left out one by one, those that may be so together: the lowest are tried first.
///
/// What a rule decides in no round does not change without it: so each is tried with the images that it decides, and
/// those that come to it when another is left out.
pub(crate) fn spare(set: &RuleSet, images: &[String], spare: &[usize]) -> Vec<usize> {
    let setting = Setting::default();
    let context = setting.context();
    let ids: Vec<RuleId> = set.rules().map(|rule| rule.id).collect();
    let mut of_rules: Vec<Vec<&str>> = vec![Vec::new(); set.len()];
    for image in images {
        for rule in set.decide_without(&[], image, &context).rules {
            if let Some(of_rule) = set.position(rule).and_then(|at| of_rules.get_mut(at)) {
                of_rule.push(image);
            }
        }
    }
    let mut left_out: Vec<RuleId> = Vec::new();
    let mut places = Vec::new();
    for at in spare.iter().rev() {
        let (Some(id), Some(images)) = (ids.get(*at), of_rules.get_mut(*at).map(std::mem::take)) else {
            continue;
        };
        left_out.insert(0, *id);
        let is_without = |image: &&str| {
            let with = set.decide(image, &context).effect;
            is_same(
                image,
                &with,
                &set.decide_without(&left_out, image, &context).decision.effect,
            )
        };
        if !images.iter().all(is_without) {
            left_out.remove(0);
            continue;
        }
        places.push(*at);
        for image in images {
            for rule in set.decide_without(&left_out, image, &context).rules {
                if let Some(of_rule) = set.position(rule).and_then(|at| of_rules.get_mut(at)) {
                    of_rule.push(image);
                }
            }
        }
    }
    places
}

/// Whether a set gives what another gave, for all images.
pub(crate) fn is_equal(old: &RuleSet, new: &RuleSet, images: &[String]) -> bool {
    let setting = Setting::default();
    let context = setting.context();
    images.iter().all(|image| {
        let old = old.decide(image, &context).effect;
        is_same(image, &old, &new.decide(image, &context).effect)
    })
}

/// By rules, the images that they decide in the first round, as far as wanted.
pub(crate) fn decided<'i>(
    set: &RuleSet,
    images: &'i [String],
    most: usize,
    progress: &Progress,
) -> HashMap<usize, Vec<&'i str>> {
    let setting = Setting::default();
    let context = setting.context();
    let mut decided: HashMap<usize, Vec<&str>> = HashMap::new();
    for image in progress.over("writing tests", images.iter()) {
        let matched = set.decide_without(&[], image, &context);
        // None of the rules warns, so that the first one that matches decides the first round.
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
        Effect::Swap(result) => written_out(result),
        _ => written_out(image),
    };
    one == other || result(one) == result(other)
}

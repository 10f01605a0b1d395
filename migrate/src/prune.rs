//! Which rules could be left out without changing a result.

use std::collections::{BTreeSet, HashMap};

use imageswap_engine::compare::Cases;
use imageswap_engine::rules::{Context, Effect, RuleId, RuleSet, Scope, Setting};

use crate::place::written_out;
use crate::rule::Rule;

/// The images that a set is tried with: those of its own patterns and of the old set, and the samples of its rules.
pub(crate) fn images(old: &RuleSet, new: &RuleSet, rules: &[Rule]) -> (Vec<String>, bool) {
    let mut known = BTreeSet::new();
    let samples = rules.iter().flat_map(|rule| rule.samples.iter().cloned());
    let mut images: Vec<String> = samples.filter(|image| known.insert(image.clone())).collect();
    let mut cases = Cases::new(&[old, new]);
    images.extend(
        cases
            .by_ref()
            .map(|case| case.image)
            .filter(|image| known.insert(image.clone())),
    );
    (images, cases.is_partial())
}

/// The rules without those that change no result, by their places. A rule that decides no image at all is left out only
/// where it is shown to fire never.
pub(crate) fn needed(set: &RuleSet, images: &[String], never_fire: &BTreeSet<usize>) -> Vec<bool> {
    let setting = Setting::default();
    let context = setting.context();
    let mut needed: Vec<Option<bool>> = vec![None; set.len()];
    for image in images {
        for rule in deciders(set, image, &context) {
            let Some(Some(place)) = set.position(rule).map(|at| needed.get_mut(at)) else {
                continue;
            };
            if *place != Some(true) {
                let is_same = is_same(image, &set.decide(image, &context).effect, || {
                    set.decide_without(rule, image, &context).effect
                });
                *place = Some(!is_same);
            }
        }
    }
    let needed = needed.into_iter().enumerate();
    needed
        .map(|(at, needed)| needed.unwrap_or_else(|| !never_fire.contains(&at)))
        .collect()
}

/// Whether a set gives what another gave, for all images.
pub(crate) fn is_equal(old: &RuleSet, new: &RuleSet, images: &[String]) -> bool {
    let setting = Setting::default();
    let context = setting.context();
    images.iter().all(|image| {
        let old = old.decide(image, &context).effect;
        is_same(image, &old, || new.decide(image, &context).effect)
    })
}

/// By rules, the images that they decide in the first round, as far as wanted.
pub(crate) fn decided<'i>(set: &RuleSet, images: &'i [String], most: usize) -> HashMap<usize, Vec<&'i str>> {
    let setting = Setting::default();
    let context = setting.context();
    let mut decided: HashMap<usize, Vec<&str>> = HashMap::new();
    for image in images {
        let first = deciders(set, image, &context).into_iter().next();
        if let Some(at) = first.and_then(|rule| set.position(rule)) {
            let known = decided.entry(at).or_default();
            if known.len() < most {
                known.push(image);
            }
        }
    }
    decided
}

/// The rules that decide an image, round by round.
fn deciders(set: &RuleSet, image: &str, context: &Context<'_>) -> Vec<RuleId> {
    let rounds = set.explain(image, context, Scope::Found).rounds.into_iter();
    rounds
        .filter_map(|round| {
            round
                .steps
                .last()
                .filter(|step| step.outcome.is_ok())
                .map(|step| step.rule)
        })
        .collect()
}

fn is_same(image: &str, one: &Effect, other: impl FnOnce() -> Effect) -> bool {
    let result = |effect: &Effect| match effect {
        Effect::Swap(result) => written_out(result),
        _ => written_out(image),
    };
    result(one) == result(&other())
}

//! The share of the findings of random images that sample images find too.

use std::collections::BTreeSet;

use imageswap_engine::compare::{Cases, difference};
use imageswap_engine::compile::RuleSet;
use imageswap_engine::context::Context;
use imageswap_engine::rules::Scope;
use imageswap_tests_support::fixed::{fixed, loaded};
use imageswap_tests_support::generate::{Choices, Generated};

use super::mutate::Mutation;

/// Pseudo-random bytes, the same in each run.
pub(super) struct Bytes(u64);

impl Bytes {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn take(&mut self, count: usize) -> Vec<u8> {
        (0..count)
            .map(|_| {
                self.0 ^= self.0 << 13;
                self.0 ^= self.0 >> 7;
                self.0 ^= self.0 << 17;
                (self.0 >> 32) as u8
            })
            .collect()
    }
}

/// Returns a set that loads.
pub(super) fn generated(bytes: &mut Bytes) -> Generated {
    let choices = bytes.take(300);
    let mut generated = Choices::new(&choices).files();
    fixed(&mut generated.files, false);
    generated
}

/// Adds the rules that match in any round.
fn matched(set: &RuleSet, image: &str, context: &Context<'_>, rules: &mut BTreeSet<String>) {
    for round in set.explain(image, context, Scope::Found).rounds {
        let matching = round.steps.iter().filter(|step| step.outcome.is_ok());
        rules.extend(matching.map(|step| set.rule_name(step.rule).into_owned()));
    }
}

#[test]
fn samples_reach_every_rule_that_random_images_reach() {
    let mut bytes = Bytes::new(1);
    let (mut reached, mut missed) = (0, Vec::new());
    for _ in 0..400 {
        let generated = generated(&mut bytes);
        let loaded = loaded(&generated.files);
        let set = loaded.set();
        let mut by_made = BTreeSet::new();
        for case in Cases::new(&[set]) {
            matched(set, &case.image, &case.setting.context(), &mut by_made);
        }
        let choices = bytes.take(20_000);
        let mut choices = Choices::new(&choices);
        let mut by_random = BTreeSet::new();
        while !choices.is_at_end() {
            let image = choices.image(&generated.forms);
            matched(set, &image, &choices.setting().context(), &mut by_random);
        }
        reached += by_random.len();
        let not: Vec<_> = by_random.difference(&by_made).collect();
        if !not.is_empty() {
            missed.push(format!("{not:?}\n{:?}", generated.files));
        }
    }
    let share = missed.len() as f64 / reached as f64;
    println!(
        "reached by random images: {reached} rules; not by made ones: {}",
        missed.len()
    );
    assert!(reached > 1_000, "{reached}");
    assert!(share <= 0.01, "{share}: {}", missed.join("\n"));
}

#[test]
fn samples_find_every_mutation_that_random_images_find() {
    let mut bytes = Bytes::new(2);
    let mut lines = Vec::new();
    for mutation in Mutation::ALL {
        let (mut found, mut missed) = (0, Vec::new());
        for _ in 0..500 {
            let generated = generated(&mut bytes);
            let Some(other) = mutation.of(&generated.files, &bytes.take(8)) else {
                continue;
            };
            let (old, new) = (loaded(&generated.files), loaded(&other));
            if !new.errors().is_empty() {
                continue;
            }
            let (old, new) = (old.set(), new.set());
            let choices = bytes.take(30_000);
            let mut choices = Choices::new(&choices);
            let mut example = None;
            while example.is_none() && !choices.is_at_end() {
                let image = choices.image(&generated.forms);
                let setting = choices.setting();
                if difference(old, new, &image, &setting.context()).is_some() {
                    example = Some(format!("{image} {setting:?}"));
                }
            }
            let Some(example) = example else { continue };
            let is_found = Cases::new(&[old, new])
                .any(|case| difference(old, new, &case.image, &case.setting.context()).is_some());
            match is_found {
                true => found += 1,
                false => missed.push(format!("{example}\n{:?}\n{other:?}", generated.files)),
            }
        }
        println!("{mutation:?}: {found} found, {} missed", missed.len());
        lines.push((mutation, found, missed));
    }
    for (mutation, found, missed) in lines {
        assert!(found > 25, "{mutation:?}: {found}");
        assert!(
            missed.len() * 50 <= found + missed.len(),
            "{mutation:?}: {found} found\n{}",
            missed.join("\n")
        );
    }
}

//! Lists of the index that are long enough to be split: they find every rule that matches.

use std::collections::HashSet;
use std::fmt::Write as _;

use imageswap_engine::context::Context;
use imageswap_engine::rules::{Effect, Scope};
use imageswap_tests_support::generate::{Choices, constants};
use imageswap_tests_support::loaded::load_text;
use proptest::collection::vec;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn split_lists_find_each_rule_that_matches(
        rules in vec(any::<u8>(), 6_000),
        images in vec(any::<u8>(), 3_000),
    ) {
        let mut forms = Vec::new();
        let mut choices = Choices::new(&rules);
        let mut text = format!("rules v1\n{}", constants("\n"));
        // Rules that warn do not decide, so an evaluation shows all that match.
        for _ in 0..700 {
            writeln!(text, "{}", choices.warning(&mut forms)).unwrap();
        }
        let mut loaded = load_text(&text);
        // Some patterns are not valid.
        let invalid: HashSet<usize> = loaded
            .errors()
            .iter()
            .filter_map(|error| Some(loaded.sources.file_and_line(error.span()?).1))
            .collect();
        if !invalid.is_empty() {
            let lines = text.lines().zip(1..).filter(|(_, line)| !invalid.contains(line));
            text = lines.map(|(line, _)| format!("{line}\n")).collect();
            loaded = load_text(&text);
        }
        let set = loaded.set();
        prop_assert!(set.len() > 500);
        let mut choices = Choices::new(&images);
        while !choices.is_at_end() {
            let image = choices.image(&forms);
            let setting = choices.setting();
            let context = setting.context();
            let every = set.explain(&image, &context, Scope::Every).decision.unwrap();
            let found = set.evaluate(&image, &context);
            prop_assert_eq!(found.warnings(), every.warnings(), "{} {:?}\n{}", image, setting, text);
            let found = set.explain(&image, &context, Scope::Found).decision.unwrap();
            prop_assert_eq!(found.warnings(), every.warnings(), "{} {:?}\n{}", image, setting, text);
        }
    }
}

/// Returns the number of rules that an explanation examines.
fn examined(rules: &str, image: &str, context: &Context<'_>) -> usize {
    let loaded = load_text(&format!("rules v1\n{rules}"));
    let explained = loaded.set().explain(image, context, Scope::Found);
    explained.rounds.iter().map(|round| round.steps.len()).sum()
}

#[test]
fn few_of_many_rules_with_wildcards_are_examined() {
    let digest = format!("quay.io/ab/c@sha256:0777{}", "a".repeat(60));
    for (line, image) in [
        (
            (|n| format!("deny **:v{n}.*-rc*")) as fn(usize) -> String,
            "quay.io/a:v777.1-rc1",
        ),
        (|n| format!("deny quay.io/a{n}*/*x:v1*"), "quay.io/a777b/cx:v1"),
        (
            |n| format!("deny a.example.com/**/*a*/*b{n}*"),
            "a.example.com/x/a/b777",
        ),
        (|n| format!("keep written *x{n}*"), "quay.io/x777"),
        (|n| format!("deny quay.io/a*/**@sha256:{n:04}*"), &digest),
        (|n| format!("keep */x{n}/**"), "quay.io/x777/a"),
    ] {
        let rules: String = (0..2_000).map(|number| line(number) + "\n").collect();
        let count = examined(&rules, image, &Context::default());
        assert!((1..=64).contains(&count), "{count}: {}", line(0));
    }
}

#[test]
fn explanation_shows_rules_whose_condition_is_not_true() {
    let rules: String = (0..100)
        .map(|number| format!("deny quay.io/ when label app=a{number}\n"))
        .collect();
    assert_eq!(examined(&rules, "quay.io/x", &Context::default()), 100);
}

#[test]
fn rules_are_found_in_values_that_are_not_searched_for_parts() {
    let rules: String = (0..200)
        .map(|number| format!("deny ** when annotation x=*a{number}z*\n"))
        .collect();
    let loaded = load_text(&format!("rules v1\n{rules}"));
    for length in [0, 1 << 20] {
        let value = format!("{}a77z", "-".repeat(length));
        let annotations = [("x".into(), value.into())];
        let context = Context {
            annotations: &annotations,
            ..Context::default()
        };
        assert_eq!(loaded.set().evaluate("nginx", &context).effect(), &Effect::Deny);
    }
}

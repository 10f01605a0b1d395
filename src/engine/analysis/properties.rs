//! Properties of the languages of patterns and results, which the termination check relies on: they agree with
//! evaluation.

use imageswap_tests_support::generate::{Choices, constants};
use proptest::collection::vec;
use proptest::prelude::*;

use super::languages::{self, BUDGET};
use super::termination::{Required, Trie};
use crate::automaton::witness;
use crate::compile::{Limits, RuleSet, RulesFile, compile};
use crate::diagnostic::SourceMap;
use crate::rules::condition::exclude_each_other;
use crate::rules::image::Image;
use crate::syntax::rules::parse;

/// Returns a set of one swap; `None` if the swap has an error.
fn set_of(swap: &str) -> Option<RuleSet> {
    let text = format!("rules v1\nhome h.io/\n{}{swap}\n", constants("\n"));
    let mut sources = SourceMap::default();
    let source = sources.add("a.rules", text.as_str());
    let (file, findings) = parse(source, &text);
    assert!(findings.is_empty());
    let file = RulesFile {
        label: "a.rules".to_owned(),
        file,
    };
    let draft = compile(&sources, &[file], None, Limits::default());
    draft
        .verify(|one, other| (one(), other()))
        .ok()
        .map(|verified| verified.rules)
}

/// Returns an image in canonical form, as all languages have it.
fn in_full(image: &Image<'_>) -> String {
    let part = |sign: &str, part: Option<&str>| part.map(|part| format!("{sign}{part}")).unwrap_or_default();
    format!(
        "{}{}{}",
        image.name(),
        part(":", image.tag),
        part("@", image.digest)
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn languages_contain_matches_and_results(
        swap in vec(any::<u8>(), 0..30),
        images in vec(any::<u8>(), 0..200),
    ) {
        let mut forms = Vec::new();
        let swap = Choices::new(&swap).swap(&mut forms);
        let Some(set) = set_of(&swap) else { return Ok(()) };
        let rule = &set.rules[0];
        let target = rule.target.as_ref().unwrap();
        let pattern = languages::of_pattern(&rule.pattern);
        let shape = languages::of_shape(target);
        let results = languages::of_results(&rule.pattern, target);
        let (valid, short) = (languages::valid(), languages::short_hub());
        let mut choices = Choices::new(&images);
        while !choices.is_at_end() {
            let spelled = choices.image(&forms);
            let Ok(image) = Image::parse(&spelled) else { continue };
            // In canonical form, a registry without a dot is part of the path.
            let full = in_full(&image);
            let Ok(image) = Image::parse(&full) else { continue };
            if in_full(&image) != full {
                continue;
            }
            prop_assert!(valid.contains(&full), "{} is valid", full);
            prop_assert!(!short.contains(&full), "{} is in full", full);
            prop_assert_eq!(
                pattern.contains(&full),
                rule.pattern.matches(&image),
                "the pattern of {} and {}", swap, full
            );
            prop_assert_eq!(
                shape.contains(&full),
                target.has_shape_of(&image),
                "the shape of {} and {}", swap, full
            );
            if rule.pattern.matches(&image) && let Ok(result) = target.expand(&image, &rule.pattern) {
                prop_assert!(shape.contains(&result), "{} makes {} of {}: the shape", swap, result, full);
                prop_assert!(results.contains(&result), "{} makes {} of {}: the results", swap, result, full);
                prop_assert!(valid.contains(&result), "{} makes {} of {}: valid", swap, result, full);
            }
        }
    }

    #[test]
    fn trie_finds_each_pattern_that_matches_a_result(swaps in vec(vec(any::<u8>(), 0..30), 2..8)) {
        let mut forms = Vec::new();
        let sets: Vec<RuleSet> = swaps
            .iter()
            .filter_map(|swap| set_of(&Choices::new(swap).swap(&mut forms)))
            .collect();
        let rules: Vec<_> = sets.iter().map(|set| &set.rules[0]).collect();
        let required = |number: usize| Required::of(rules[number].conditions(&sets[number].files));
        let filed: Vec<_> = (0..rules.len()).map(|number| (&rules[number].pattern, required(number))).collect();
        let trie = Trie::with_required(&filed);
        let (valid, short) = (languages::valid(), languages::short_hub());
        for (one, rule) in rules.iter().enumerate() {
            let target = rule.target.as_ref().unwrap();
            let results = languages::of_results(&rule.pattern, target);
            let alike = trie.alike_in(&rule.pattern, target, &required(one));
            for (number, other) in rules.iter().enumerate().filter(|(number, _)| !alike.contains(number)) {
                if exclude_each_other(
                    rule.conditions(&sets[one].files),
                    other.conditions(&sets[number].files),
                ) {
                    continue;
                }
                let pattern = languages::of_pattern(&other.pattern);
                let common = witness(&[&results, &pattern, &valid], &[&short], BUDGET);
                prop_assert_eq!(common, Ok(None), "{} and {}", target.name(), number);
            }
        }
    }
}

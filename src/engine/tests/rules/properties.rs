//! Properties of every set of rules and every image.

use imageswap_engine::compile::{Limits, RuleSet, RulesFile, compile};
use imageswap_engine::diagnostic::{Code, SourceMap};
use imageswap_engine::legacy::Map;
use imageswap_engine::reference::Reference;
use imageswap_engine::rules::Scope;
use imageswap_engine::syntax::rules::parse;
use imageswap_tests_support::agree::{decided, points_into_its_text, said_to_be_idle};
use imageswap_tests_support::fixed::{Files, apply, fix_error, fixed, loaded};
use imageswap_tests_support::generate::{Choices, Setting};
use imageswap_tests_support::loaded::load_text;
use imageswap_tests_support::naive::Naive;
use proptest::collection::vec;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8_000))]

    #[test]
    fn both_readings_agree_and_evaluation_is_idempotent(
        rules in vec(any::<u8>(), 0..300),
        images in vec(any::<u8>(), 0..400),
        keeps in any::<bool>(),
    ) {
        let mut generated = Choices::new(&rules).files();
        let loaded = fixed(&mut generated.files, keeps);
        let set = loaded.set();
        let idle = said_to_be_idle(&loaded);
        let naive = Naive::new(generated.files.iter().map(|(name, text)| (name.as_str(), text.as_str())));
        let mut choices = Choices::new(&images);
        while !choices.is_at_end() {
            let image = choices.image(&generated.forms);
            decided(set, &idle, &naive, &image, &choices.setting().context());
        }
    }

    #[test]
    fn suggested_keep_breaks_the_cycle(rules in vec(any::<u8>(), 0..300)) {
        let mut files = Choices::new(&rules).files().files;
        fixed_up_to_cycles(&mut files);
        for _ in 0..20 {
            let loaded = loaded(&files);
            let cycles: Vec<_> = loaded
                .errors()
                .into_iter()
                .filter(|error| error.code == Code::CYCLE && error.suggestion.is_some())
                .cloned()
                .collect();
            let Some(cycle) = cycles.first() else { return Ok(()) };
            apply(&mut files, &loaded.sources, cycle.suggestion.as_ref().unwrap());
        }
        prop_assert!(false, "{files:?}\n{}", loaded(&files).short());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn findings_of_any_text_point_into_it(
        rules in vec(any::<u8>(), 0..300),
        edits in vec(any::<u8>(), 0..40),
    ) {
        let mut files = Choices::new(&rules).files().files;
        let mut choices = Choices::new(&edits);
        while !choices.is_at_end() {
            let number = choices.below(files.len());
            let text = &mut files[number].1;
            let at = (choices.below(256) * 256 + choices.below(256)) % (text.len() + 1);
            if text.is_char_boundary(at) {
                choices.edit(text, at);
            }
        }
        points_into_its_text(&loaded(&files));
    }

    #[test]
    fn map_decides_images_that_no_rule_matches(
        rules in vec(any::<u8>(), 0..300),
        images in vec(any::<u8>(), 0..400),
    ) {
        let mut generated = Choices::new(&rules).files();
        fixed(&mut generated.files, false);
        let naive = Naive::new(generated.files.iter().map(|(name, text)| (name.as_str(), text.as_str())));
        let set = with_a_map(&generated.files);
        let mut choices = Choices::new(&images);
        while !choices.is_at_end() {
            let (image, setting) = (choices.image(&generated.forms), choices.setting());
            let context = setting.context();
            let rounds = set.explain(&image, &context, Scope::Found).rounds;
            prop_assert_eq!(
                rounds.first().is_some_and(|round| round.map.is_some()),
                naive.leaves_to_a_map(&image, &context),
                "{}\n{}", image, naive
            );
        }
    }

    #[test]
    fn step_of_a_named_rule_is_the_same_as_among_all(
        rules in vec(any::<u8>(), 0..300),
        images in vec(any::<u8>(), 0..200),
    ) {
        let mut generated = Choices::new(&rules).files();
        fixed(&mut generated.files, false);
        let set = with_a_map(&generated.files);
        let all: Vec<_> = set.rules().map(|rule| rule.id).collect();
        let mut choices = Choices::new(&images);
        while !choices.is_at_end() {
            let (image, setting) = (choices.image(&generated.forms), choices.setting());
            let context = setting.context();
            let every = set.explain(&image, &context, Scope::Every).rounds;
            let named = set.explain(&image, &context, Scope::Only(&all)).rounds;
            prop_assert_eq!(every.len(), named.len());
            for (every, named) in every.iter().zip(&named) {
                let (asked, below) = named.steps.split_at(every.steps.len());
                prop_assert_eq!(&every.steps, asked);
                prop_assert_eq!(every.decided_by, named.decided_by);
                prop_assert!(below.iter().all(|step| step.outcome.is_err()));
                prop_assert!(below.is_empty() || every.decided_by.is_some());
            }
        }
    }

    #[test]
    fn test_passes_only_with_the_actual_result(
        rules in vec(any::<u8>(), 0..300),
        images in vec(any::<u8>(), 0..100),
    ) {
        let mut generated = Choices::new(&rules).files();
        fixed(&mut generated.files, false);
        let naive = Naive::new(generated.files.iter().map(|(name, text)| (name.as_str(), text.as_str())))
            .with_nothing_off();
        let mut choices = Choices::new(&images);
        let (mut right, mut wrong) = ("rules v1\n".to_owned(), "rules v1\n".to_owned());
        let mut count = 0;
        while !choices.is_at_end() {
            let image = choices.image(&generated.forms);
            if Reference::parse(&image).is_ok_and(|reference| reference.domain.is_some()) {
                let decision = naive.decide(&image, &Setting::of_a_test().context());
                let outcome = decision.result.map_or(decision.effect.to_owned(), |result| format!("-> {result}"));
                if decision.effect != "invalid" {
                    right += &format!("test {image} {outcome}\n");
                }
                let other = if decision.effect == "keep" { "deny" } else { "keep" };
                wrong += &format!("test {image} {other}\n");
                count += 1;
            }
        }
        let failed = |tests: String| {
            let mut files = generated.files.clone();
            files.push(("z.rules".to_owned(), tests));
            let loaded = loaded(&files);
            let errors = loaded.errors();
            (errors.iter().filter(|error| error.code == Code::TEST_FAILED).count(), loaded.short())
        };
        let (failures, text) = failed(right);
        prop_assert_eq!(failures, 0, "{}\n{}", text, naive);
        let (failures, text) = failed(wrong);
        prop_assert_eq!(failures, count, "{}\n{}", text, naive);
    }

    #[test]
    fn any_bytes_are_accepted_as_input(bytes in vec(any::<u8>(), 0..300), has_header in any::<bool>()) {
        let header = if has_header { "rules v1\n" } else { "" };
        let text = format!("{header}{}", String::from_utf8_lossy(&bytes));
        points_into_its_text(&load_text(&text));
    }
}

/// Returns the set of files that load, with a map as the fallback.
fn with_a_map(files: &Files) -> RuleSet {
    let mut sources = SourceMap::default();
    let parsed: Vec<RulesFile> = files
        .iter()
        .map(|(name, text)| RulesFile {
            label: name.clone(),
            file: parse(sources.add(name, text), text).0,
        })
        .collect();
    let source = sources.add("maps.conf", "default::m.io\n");
    let (map, _) = Map::compile(&sources, source);
    // The tests of the set do not expect a map.
    compile(&sources, &parsed, Some(map), Limits::default())
        .without_tests()
        .verify(|one, other| (one(), other()))
        .unwrap()
        .rules
}

/// Removes the rules with any other error.
fn fixed_up_to_cycles(files: &mut Files) {
    for _ in 0..200 {
        let loaded = loaded(files);
        let errors = loaded.errors();
        let Some(error) = errors
            .iter()
            .find(|error| error.code != Code::CYCLE && error.code != Code::TEST_FAILED)
        else {
            return;
        };
        fix_error(files, &loaded, error, false);
    }
    panic!("{files:?}\n{}", loaded(files).short());
}

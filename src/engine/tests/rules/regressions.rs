//! Cases that property tests found.

use imageswap_engine::context::Context;
use imageswap_engine::diagnostic::Code;
use imageswap_engine::rules::Effect;
use imageswap_tests_support::fixed::{Files, apply, loaded};
use imageswap_tests_support::loaded::load_text;

const SHA: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn effect(rules: &str, image: &str) -> Effect {
    let loaded = load_text(&format!("rules v1\n{rules}\n"));
    loaded.set().evaluate(image, &Context::default()).into_effect()
}

fn files<const N: usize>(texts: [(&str, &str); N]) -> Files {
    texts
        .into_iter()
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .collect()
}

/// Applies the suggestion of the only error.
fn apply_suggestion(files: &mut Files, code: Code) {
    let found = loaded(files);
    let errors = found.errors();
    assert_eq!(
        errors.iter().map(|error| error.code).collect::<Vec<_>>(),
        [code],
        "{}",
        found.short()
    );
    apply(files, &found.sources, errors[0].suggestion.as_ref().unwrap());
}

#[test]
fn captured_digest_is_not_part_of_a_tag() {
    let rules = "swap written a/* -> h.io/a/a:v{1}";
    assert_eq!(effect(rules, "a/1"), Effect::Swap("h.io/a/a:v1".to_owned()));
    assert!(matches!(effect(rules, &format!("a/1@{SHA}")), Effect::Invalid(_)));
}

#[test]
fn home_line_is_suggested_only_where_allowed() {
    let confined = "rules v1 when namespace a\nswap quay.io/a/ -> quay.io/b/\nswap ** -> h.io/{path}\n";
    let mut both = files([("a.rules", confined), ("b.rules", "rules v1\nkeep a/\n")]);
    apply_suggestion(&mut both, Code::NO_HOME);
    loaded(&both).set();
    let alone = loaded(&files([("a.rules", confined)]));
    let [error] = alone.errors()[..] else {
        panic!("{}", alone.short())
    };
    assert_eq!((error.code, &error.suggestion), (Code::NO_HOME, &None));
    assert!(
        error.help[0]
            .text()
            .is_some_and(|text| text.contains("`home h.io/, quay.io/`")),
        "{}",
        alone.short()
    );
}

#[test]
fn keep_is_suggested_only_without_a_condition() {
    let confined = "rules v1 when namespace a\nswap h.io/a/ -> h.io/b/\nswap h.io/b/ -> h.io/a/\n";
    let mut both = files([("a.rules", "rules v1\nkeep a/\n"), ("b.rules", confined)]);
    apply_suggestion(&mut both, Code::CYCLE);
    loaded(&both).set();
    let alone = loaded(&files([("a.rules", confined)]));
    let [error] = alone.errors()[..] else {
        panic!("{}", alone.short())
    };
    assert_eq!((error.code, &error.suggestion), (Code::CYCLE, &None));
}

//! A map as the fallback of a set.

use imageswap_engine::context::Context;
use imageswap_engine::rules::Effect;
use imageswap_tests_support::loaded::load;

fn decide(files: &[(&str, &str)], image: &str) -> (Effect, Option<String>) {
    let loaded = load(files.iter().copied());
    let decision = loaded.set().evaluate(image, &Context::default());
    let rule = decision
        .last_rule()
        .map(|rule| loaded.set().rule_name(rule).into_owned());
    (decision.into_effect(), rule)
}

const RULES: (&str, &str) = (
    "10.rules",
    "rules v1\nhome h.io/\nkeep ghcr.io/acme/\nswap quay.io/ -> h.io/quay/\nwarn gcr.io/\nswap mcr.microsoft.com/x -> ecr.example.com/x as gone\noff gone\n",
);
const MAP: (&str, &str) = ("maps", "default::old.example.com\n");

#[test]
fn map_decides_if_no_rule_does() {
    let swapped = |image: &str| (Effect::Swap(image.to_owned()), Some("map".to_owned()));
    assert_eq!(decide(&[RULES, MAP], "nginx"), swapped("old.example.com/nginx"));
    // A `warn` rule decides nothing.
    assert_eq!(decide(&[RULES, MAP], "gcr.io/a"), swapped("old.example.com/a"));
    // A result of a rule that is off is still one of its own images, and is kept.
    assert_eq!(
        decide(&[RULES, MAP], "mcr.microsoft.com/x"),
        swapped("old.example.com/x")
    );
    assert_eq!(decide(&[RULES, MAP], "ecr.example.com/x"), (Effect::Keep, None));
}

#[test]
fn map_is_not_consulted_if_a_rule_decides() {
    assert_eq!(decide(&[RULES, MAP], "ghcr.io/acme/a").0, Effect::Keep);
    assert_eq!(
        decide(&[RULES, MAP], "quay.io/a").0,
        Effect::Swap("h.io/quay/a".to_owned())
    );
    assert_eq!(decide(&[RULES, MAP], "h.io/quay/a"), (Effect::Keep, None));
    assert_eq!(decide(&[RULES, MAP], "h.io/other/a"), (Effect::Keep, None));
}

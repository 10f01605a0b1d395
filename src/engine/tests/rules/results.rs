//! What may come out of a swap: single cases that laws brought up.

use imageswap_engine::rules::{Context, Effect};

use super::support::load_text;

const SHA: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn effect(rules: &str, image: &str) -> Effect {
    let loaded = load_text(&format!("rules v1\n{rules}\n"));
    loaded.set().decide(image, &Context::default()).effect
}

#[test]
fn a_digest_that_a_capture_took_is_no_part_of_a_tag() {
    let rules = "swap written a/* -> h.io/a/a:v{1}";
    assert_eq!(effect(rules, "a/1"), Effect::Swap("h.io/a/a:v1".to_owned()));
    assert!(matches!(effect(rules, &format!("a/1@{SHA}")), Effect::Invalid(_)));
}

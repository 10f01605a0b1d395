//! More globs over original images than the index tries one after the other, so that it finds them by pieces.

use imageswap_engine::context::Context;
use imageswap_tests_support::agree::decided;
use imageswap_tests_support::loaded::load;
use imageswap_tests_support::naive::Naive;
use proptest::prelude::*;

/// Parts of globs and images, few enough that they often match.
const PARTS: [&str; 12] = [
    "redis", "nginx", "team", "quay", "ab", "a", "1.25", "prodx", "re", "dis", "x-y", "io",
];

fn glob() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        6 => prop::sample::select(PARTS.to_vec()).prop_map(str::to_owned),
        3 => Just("*".to_owned()),
        1 => Just("?".to_owned()),
        1 => Just("[a-m]".to_owned()),
        1 => Just("/".to_owned()),
    ];
    prop::collection::vec(part, 1..6).prop_map(|parts| format!("*{}", parts.concat()))
}

fn image() -> impl Strategy<Value = String> {
    let part = prop::sample::select(PARTS.to_vec());
    (
        prop::option::of(prop::sample::select(vec!["quay.io/", "redis.io:5000/", "h.io/"])),
        prop::collection::vec(part, 1..6),
        prop::option::of(prop::sample::select(vec!["1.25", "redis", "prodx"])),
    )
        .prop_map(|(registry, path, tag)| {
            let tag = tag.map(|tag| format!(":{tag}")).unwrap_or_default();
            format!("{}{}{tag}", registry.unwrap_or_default(), path.concat())
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn first_match_decides_among_any_number(
        globs in prop::collection::vec(glob(), 32..80),
        images in prop::collection::vec(image(), 20),
    ) {
        let actions = ["keep", "deny", "warn"];
        let rules = globs
            .iter()
            .zip(actions.iter().cycle())
            .map(|(glob, action)| format!("{action} written {glob}\n"));
        let text = "rules v1\n".to_owned() + &rules.collect::<String>();
        let files = [("a.rules", text.as_str())];
        let loaded = load(files);
        let naive = Naive::new(files);
        for image in images {
            decided(loaded.set(), &[], &naive, &image, &Context::default());
        }
    }
}

//! Every recorded answer of imageswap-webhook v1.5.3, and the findings about its map files.

#![allow(clippy::disallowed_methods, reason = "a test reads its vectors from files")]
use std::collections::HashMap;
use std::path::PathBuf;

use imageswap_engine::compile::RuleSet;
use imageswap_engine::context::Context;
use imageswap_engine::diagnostic::{Help, SourceMap};
use imageswap_engine::legacy::{LegacyConfig, Map, Prefix};
use imageswap_engine::rules::Effect;
use imageswap_tests_support::recorded::{conformance, expected};
use proptest::prelude::*;
use serde_json::Value;

fn directory() -> PathBuf {
    conformance("legacy")
}

fn map(text: &str) -> (RuleSet, Vec<String>) {
    let mut sources = SourceMap::default();
    let source = sources.add("maps", text);
    let (map, findings) = Map::compile(&sources, source);
    let findings = findings
        .iter()
        .map(|finding| finding.short(&sources, Help::text))
        .collect();
    (LegacyConfig::Maps(Box::new(map)).into(), findings)
}

/// Returns the new image; `None` if the image is kept for any reason.
fn swapped(rules: &RuleSet, image: &str) -> Option<String> {
    match rules.evaluate(image, &Context::default()).into_effect() {
        Effect::Swap(result) => Some(result),
        Effect::Keep | Effect::Deny | Effect::Invalid(_) => None,
    }
}

fn assert_recorded(file: &str, rows: usize, mut rules: impl FnMut(&Value) -> RuleSet, key: &str) {
    let text = std::fs::read_to_string(directory().join(file)).unwrap();
    let mut sets = HashMap::new();
    let mut wrong = Vec::new();
    for line in text.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let image = row["image"].as_str().unwrap();
        let set = sets
            .entry(row[key].to_string())
            .or_insert_with(|| rules(&row[key]));
        let expected = expected(&row);
        let found = swapped(set, image);
        if found.as_deref() != expected {
            wrong.push(format!(
                "{} {image}: expected {expected:?}, found {found:?}",
                row[key]
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} rows differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert_eq!(text.lines().count(), rows, "the whole list was read");
}

#[test]
fn map_gives_every_recorded_answer() {
    let rules =
        |name: &Value| map(&std::fs::read_to_string(directory().join(name.as_str().unwrap())).unwrap()).0;
    assert_recorded("vectors.jsonl", 6773, rules, "map");
}

#[test]
fn prefix_gives_every_recorded_answer() {
    let rules = |prefix: &Value| LegacyConfig::Prefix(Prefix::new(prefix.as_str().unwrap())).into();
    assert_recorded("prefix.jsonl", 448, rules, "prefix");
}

#[test]
fn ignored_and_deprecated_lines_are_reported() {
    let (_, findings) =
        map("default:h.io\n\n# comment\nwords\nquay.io:8443:h.io\n  a::b::c # x\ndefault::h.io/hub\n");
    assert_eq!(
        findings,
        [
            "maps:1:1: warning[W0902]: a single `:` between key and value is deprecated; help: write `::`",
            "maps:1:1: warning[W0903]: this line has no effect: a later line has the same key `default`; help: \
             remove one of the two",
            "maps:4:1: warning[W0901]: this line is ignored; help: write `KEY::VALUE`, or a comment that begins with \
             `#`",
            "maps:5:1: warning[W0901]: this line is ignored; help: write `::` between a key and a value if one of \
             them has a port, as in `quay.io:8443::harbor.example.com`",
            "maps:6:3: warning[W0901]: this line is ignored; help: write one key and one value, as in \
             `quay.io::harbor.example.com/quay`",
        ]
    );
}

#[test]
fn value_without_a_valid_result_is_reported() {
    let text =
        "default::https://h.io\nquay.io::h.io/hub/\n[EXACT]nginx::Nope\n[EXACT]a::\n[REPLACE]x*::h.io/y-\n";
    let (rules, findings) = map(text);
    assert_eq!(findings.len(), 3, "{findings:?}");
    assert!(findings[2].starts_with("maps:5:1: warning[W0904]: `h.io/y-` never produces a valid image"));
    assert!(findings[0].starts_with("maps:1:1: warning[W0904]: `https://h.io` never produces a valid image"));
    assert!(findings[1].starts_with("maps:3:1: warning[W0904]: `Nope` is not a valid image: "));
    assert_eq!(swapped(&rules, "gcr.io/x"), None);
    assert_eq!(swapped(&rules, "nginx"), None);
    assert_eq!(swapped(&rules, "quay.io/x").as_deref(), Some("h.io/hub/x"));
}

#[test]
fn later_line_replaces_the_first_with_its_key() {
    let (rules, _) = map("[REPLACE]*redis*::one.io\n[REPLACE]*::two.io\n[REPLACE]*redis*::three.io\n");
    assert_eq!(swapped(&rules, "redis:7").as_deref(), Some("three.io/redis:7"));
}

#[test]
fn official_image_matches_docker_io_library() {
    let (rules, _) = map("default::d.io\ndocker.io/library::l.io\n");
    assert_eq!(swapped(&rules, "nginx").as_deref(), Some("l.io/nginx"));
    assert_eq!(swapped(&rules, "docker.io/nginx").as_deref(), Some("d.io/nginx"));
    assert_eq!(
        swapped(&rules, "library/nginx").as_deref(),
        Some("d.io/library/nginx")
    );
}

#[test]
fn image_at_a_target_is_kept_in_every_spelling() {
    let (rules, _) = map("default::docker.io/mirror\nquay.io::myorg-\n[EXACT]a/b:1::c/d:2\n");
    for image in [
        "mirror/nginx",
        "docker.io/mirror/a/b:1",
        "myorg-quay.io/x",
        "c/d:2",
        "docker.io/c/d:2",
    ] {
        assert_eq!(swapped(&rules, image), None, "{image}");
    }
    assert_eq!(
        swapped(&rules, "mirrors/x").as_deref(),
        Some("docker.io/mirror/mirrors/x")
    );
    assert_eq!(
        swapped(&rules, "myorg-x:1").as_deref(),
        Some("docker.io/mirror/myorg-x:1")
    );
}

#[test]
fn invalid_value_for_globs_is_not_a_target() {
    let (rules, _) = map("default::h.io\n[REPLACE]quay.io/*::myorg-\n");
    assert_eq!(swapped(&rules, "quay.io/x"), None);
    for image in ["myorg-quay.io/team/x", "myorg-a/x"] {
        let rest = image.trim_start_matches("myorg-quay.io/");
        assert_eq!(swapped(&rules, image), Some(format!("h.io/{rest}")), "{image}");
    }
}

#[test]
fn key_at_or_below_a_target_swaps_its_images_again() {
    let (rules, _) = map("default::h.io\nh.io::other.io/h\n");
    assert_eq!(swapped(&rules, "nginx").as_deref(), Some("h.io/nginx"));
    assert_eq!(swapped(&rules, "h.io/nginx").as_deref(), Some("other.io/h/nginx"));
    assert_eq!(swapped(&rules, "other.io/h/nginx"), None);
}

#[test]
fn empty_wildcard_entry_matches_every_image() {
    let (rules, _) = map("default::h.io\nnoswap_wildcards::\n");
    assert_eq!(swapped(&rules, "nginx").as_deref(), Some("h.io/nginx"));
    let (rules, _) = map("default::h.io\nnoswap_wildcards::corp,\n");
    assert_eq!(swapped(&rules, "nginx"), None);
}

#[test]
fn only_a_bare_host_keeps_the_port() {
    let (rules, _) = map("default::\nquay.io::h.io\ngcr.io::h.io/hub\nghcr.io::h.io:5000\nmcr.io::m-\n");
    let cases = [
        ("quay.io:8443/x", "h.io:8443/x"),
        ("gcr.io:8443/x", "h.io/hub/x"),
        ("ghcr.io:8443/x", "h.io:5000/x"),
        ("mcr.io:8443/a/b", "m-mcr.io/a/b"),
    ];
    for (image, expected) in cases {
        assert_eq!(swapped(&rules, image).as_deref(), Some(expected));
    }
}

#[test]
fn image_that_only_begins_like_a_target_is_swapped() {
    let (rules, _) = map("default::\ndocker.io::my-\n");
    assert_eq!(
        swapped(&rules, "my-org/app").as_deref(),
        Some("my-docker.io/my-org/app")
    );
    assert_eq!(swapped(&rules, "my-docker.io/my-org/app"), None);
}

/// A map of lines for registries in which no value is the key of another line.
fn any_map() -> impl Strategy<Value = String> {
    let keys = [
        "docker.io",
        "docker.io/library",
        "quay.io",
        "quay.io:8443",
        "localhost",
        "gcr.io",
        "k:5000",
    ];
    let values = [
        "",
        "h.io",
        "h.io/hub",
        "h.io:5000",
        "h.io:5000/hub/",
        "myorg",
        "docker.io/mirror",
        "my-",
        "h.io/my-",
    ];
    let line = (
        prop::sample::select(keys.to_vec()),
        prop::sample::select(values.to_vec()),
    );
    let default = prop::option::of(prop::sample::select(values.to_vec()));
    (prop::collection::vec(line, 0..6), default).prop_map(|(lines, default)| {
        let default = default
            .map(|value| format!("default::{value}\n"))
            .unwrap_or_default();
        default
            + &lines
                .into_iter()
                .map(|(key, value)| format!("{key}::{value}\n"))
                .collect::<String>()
    })
}

/// An image without a port that a key would pass on to a bare host: in the recorded answers, such an image is swapped
/// again.
fn any_image() -> impl Strategy<Value = String> {
    let registries = [
        "",
        "docker.io/",
        "quay.io/",
        "localhost/",
        "gcr.io/",
        "k:5000/",
        "x.io/",
    ];
    let paths = ["nginx", "library/nginx", "a/b", "a/b/c:1", "my-x", "mirror/x"];
    (
        prop::sample::select(registries.to_vec()),
        prop::sample::select(paths.to_vec()),
    )
        .prop_map(|(registry, path)| format!("{registry}{path}"))
}

proptest! {
    #[test]
    fn swapped_image_is_kept(text in any_map(), image in any_image()) {
        let (rules, _) = map(&text);
        if let Some(once) = swapped(&rules, &image) {
            prop_assert_eq!(swapped(&rules, &once), None, "{} became {}", image, once);
        }
    }
}

#[test]
fn chain_is_reported_and_its_last_line_is_not() {
    let text = "default::\nquay.io::mirror.example.com\nmirror.example.com::harbor.example.com\ndocker.io::harbor.example.com/hub\n";
    let mut sources = SourceMap::default();
    let source = sources.add("maps", text);
    let (map, _) = Map::compile(&sources, source);
    let rules: RuleSet = LegacyConfig::Maps(Box::new(map)).into();
    let found: Vec<String> = rules
        .preview()
        .lint_map(source, text)
        .iter()
        .map(|finding| finding.short(&sources, Help::text))
        .collect();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with(
        "maps:2:1: warning[W0905]: `quay.io/sample` becomes `mirror.example.com/sample`, and at the next admission \
         another line swaps that again, to `harbor.example.com/sample`"
    ));
}

#[test]
fn port_is_dropped_if_the_result_is_invalid() {
    let (map, _) = map("default::h.example.com\nquay.io::my_org\nghcr.io::mirror.example.com\n");
    assert_eq!(swapped(&map, "quay.io:8443/x").as_deref(), Some("my_org/x"));
    assert_eq!(
        swapped(&map, "ghcr.io:8443/x").as_deref(),
        Some("mirror.example.com:8443/x")
    );
}

#[test]
fn image_below_library_differs_from_one_without() {
    let (map, _) = map("default::h.example.com\n[EXACT]quay.io/x::a/b\n[EXACT]quay.io/y::nginx\n");
    for image in ["a/b", "docker.io/a/b", "nginx", "library/nginx"] {
        assert_eq!(swapped(&map, image), None, "{image}");
    }
    assert_eq!(
        swapped(&map, "library/a/b").as_deref(),
        Some("h.example.com/library/a/b")
    );
}

#[test]
fn line_without_a_key_swaps_nothing() {
    let (map, _) = map("default::h.example.com\n::myorg-\n");
    assert_eq!(
        swapped(&map, "myorg-team/app").as_deref(),
        Some("h.example.com/myorg-team/app")
    );
}

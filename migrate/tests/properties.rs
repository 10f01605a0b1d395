//! Properties of migrations of maps with arbitrary lines.

use imageswap_tests_support::migrated::{Migrated, is_same, load, of_map, try_map};
use proptest::prelude::*;

const PLACES: [&str; 14] = [
    "",
    "h.io",
    "h.io/hub",
    "h.io:5000",
    "h.io:5000/hub/",
    "myorg",
    "docker.io/mirror",
    "my-",
    "h.io/my-",
    "q.io/q",
    "q.io",
    "localhost:30003/foo",
    "docker.io",
    "https://x",
];

fn any_line() -> impl Strategy<Value = String> {
    let keys = [
        "docker.io",
        "docker.io/library",
        "quay.io",
        "quay.io:8443",
        "quay.io:443",
        "Quay.io",
        "localhost",
        "gcr.io",
        "k:5000",
        "k",
        "h.io",
        "q.io/q",
        "index.docker.io",
    ];
    let images = [
        "nginx:1",
        "nginx",
        "quay.io/a/b:1",
        "h.io/hub/a/b:1",
        "a/b@sha256:4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945",
    ];
    let targets = [
        "",
        "z.io/x:2",
        "z.io/x",
        "h.io/hub/z:1",
        "auto",
        "Nope",
        "docker.io/library/nginx:1",
    ];
    let globs = [
        "*redis*",
        "nginx:*",
        "docker.io/[a-m]*",
        "quay.io/*/x:*",
        "*@sha256:*",
        "*",
        "h.io/hub/*",
        "a?b[!c]*",
        "{x}",
    ];
    let entries = ["", "x", "h.io,", "quay,h.io/hub", "y/ng"];
    prop_oneof![
        5 => (prop::sample::select(keys.to_vec()), prop::sample::select(PLACES.to_vec()))
            .prop_map(|(key, value)| format!("{key}::{value}\n")),
        2 => (prop::sample::select(images.to_vec()), prop::sample::select(targets.to_vec()))
            .prop_map(|(key, value)| format!("[EXACT]{key}::{value}\n")),
        // A target of a glob that ends in `-` never produces a valid image, so v1.5.3 keeps images only by accident.
        2 => (prop::sample::select(globs.to_vec()), prop::sample::select(PLACES.to_vec()).prop_filter("a place", |place| !["my-", "docker.io"].contains(place)))
            .prop_map(|(key, value)| format!("[REPLACE]{key}::{value}\n")),
        1 => prop::sample::select(entries.to_vec()).prop_map(|value| format!("noswap_wildcards::{value}\n")),
        1 => Just("# a comment\nno line\n".to_owned()),
    ]
}

fn any_map() -> impl Strategy<Value = String> {
    let default = prop::option::weighted(0.8, prop::sample::select(PLACES.to_vec()));
    (prop::collection::vec(any_line(), 1..8), default).prop_map(|(lines, default)| {
        let default = default.map(|value| format!("default::{value}\n"));
        default.unwrap_or_default() + &lines.concat()
    })
}

fn any_image() -> impl Strategy<Value = String> {
    let registries = [
        "",
        "docker.io/",
        "quay.io/",
        "quay.io:8443/",
        "localhost/",
        "gcr.io/",
        "k:5000/",
        "x.io/",
        "h.io/",
        "h.io:5000/",
        "q.io/",
        "index.docker.io/",
        "gcr.io:443/",
        "Quay.io/",
    ];
    let paths = [
        "nginx",
        "nginx:1",
        "library/nginx",
        "a/b",
        "a/b:1",
        "a/b/c:1",
        "my-x",
        "mirror/x",
        "hub/a/b:1",
        "q/redis",
        "redis:7",
        "hub/x/y",
    ];
    (
        prop::sample::select(registries.to_vec()),
        prop::sample::select(paths.to_vec()),
    )
        .prop_map(|(registry, path)| format!("{registry}{path}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rules_have_the_results_of_the_map(text in any_map(), images in prop::collection::vec(any_image(), 20)) {
        let Some(migrated) = map_without_cycles(&text) else { return Ok(()) };
        prop_assert_eq!(&migrated.unexplained, &Vec::<String>::new(), "{}", migrated.text);
        for image in images {
            let (expected, found) = (migrated.old(&image), migrated.decide(&image));
            let is_excused = || migrated.excuse(&image, &expected, &found).is_some();
            prop_assert!(
                is_same(&expected, &found) || is_excused(),
                "{}: expected {}, found {}\n{}", image, expected, found, migrated.text
            );
        }
    }

    #[test]
    fn file_is_formatted_and_advised_rules_are_valid(text in any_map()) {
        let Some(migrated) = map_without_cycles(&text) else { return Ok(()) };
        let mut sources = imageswap_engine::diagnostic::SourceMap::default();
        let source = sources.add("rules", migrated.text.as_str());
        let again = imageswap_engine::syntax::format::format(source, &migrated.text);
        prop_assert_eq!(again.as_deref(), Ok(migrated.text.as_str()));
        for line in &migrated.better {
            let (set, _, findings) = load(&format!("rules v1\nhome h.io/\n{line}\n"));
            prop_assert!(set.is_some(), "{}: {:?}", line, findings);
        }
    }
}

fn map_without_cycles(text: &str) -> Option<Migrated> {
    try_map(text)
        .map_err(|fault| {
            assert!(
                fault.message.contains("form a cycle") || fault.message.contains("not a map"),
                "{fault:?}\n{text}"
            )
        })
        .ok()
}

#[test]
fn long_map_is_migrated() {
    let line = |n| format!("r{n}.example.org::h.io/r{n}\n[EXACT]x/y{n}:1::h.io/p/y{n}:2\n");
    let text = "default::h.io/other\n".to_owned() + &(0..500).map(line).collect::<String>();
    let migrated = of_map(&text);
    assert!(migrated.new.len() > 1000, "{}", migrated.new.len());
}

#[test]
fn cycle_is_reported_with_its_lines_and_a_fix() {
    let fault = try_map("default::\na.io::b.io\n\nb.io::a.io # back\n")
        .err()
        .unwrap();
    assert_eq!(
        fault.lines,
        [(2, "a.io::b.io".to_owned()), (4, "b.io::a.io".to_owned())]
    );
    assert!(fault.message.contains("remove one of them"), "{}", fault.message);
}

#[test]
fn invalid_value_keeps_its_registry_with_any_port() {
    let migrated = of_map("default::h.io/hub\nquay.io::h=io\n");
    assert_eq!(migrated.unexplained, Vec::<String>::new(), "{}", migrated.text);
    assert_eq!(migrated.decide("quay.io:5000/a/b:1"), "quay.io:5000/a/b:1");
}

#[test]
fn globs_to_docker_hub_form_no_cycle_with_hyphen_default() {
    for default in ["h.io/m-", "myorg-"] {
        let migrated = of_map(&format!("default::{default}\n[REPLACE]*redis*::\n"));
        assert_eq!(migrated.unexplained, Vec::<String>::new(), "{}", migrated.text);
        let redis = migrated.decide("quay.io/acme/redis:7");
        assert!(is_same(&redis, "redis:7"), "{redis}\n{}", migrated.text);
        let nginx = migrated.decide("nginx:1");
        assert_eq!(nginx, migrated.old("nginx:1"));
        assert_eq!(migrated.decide(&nginx), nginx);
    }
}

#[test]
fn result_may_be_at_the_target_of_another_line() {
    let migrated = of_map("default::h.io/hub\ndocker.io::h.io\nh.io::h.io/hub\n");
    assert_eq!(migrated.decide("hub/a/b:1"), "h.io/hub/a/b:1");
    assert_eq!(migrated.decide("nginx:1"), "h.io/hub/nginx:1");
}

#[test]
fn unnameable_registry_is_a_reason() {
    for map in [
        "default::UP\n",
        "default::h.io\nquay.io::UP\n",
        "default::h.io\n[REPLACE]*x*::UP\n",
    ] {
        let migrated = of_map(map);
        assert_eq!(migrated.unexplained, Vec::<String>::new(), "{}", migrated.text);
    }
}

#[test]
fn empty_glob_matches_no_image() {
    let migrated = of_map("default::h.io\n[REPLACE]::z.io/x\n");
    assert_eq!(migrated.decide("nginx:1"), "h.io/nginx:1");
}

#[test]
fn line_for_one_port_leaves_other_ports_to_hyphen_default() {
    let migrated = of_map("default::myorg-\nquay.io:8443::h.io/quay\n");
    assert_eq!(migrated.decide("quay.io/a/b:1"), "myorg-quay.io/quay.io/a/b:1");
    assert_eq!(migrated.decide("quay.io:8443/a/b:1"), "h.io/quay/a/b:1");
}

#[test]
fn line_for_default_port_of_its_own_host_drops_other_ports() {
    let migrated = of_map("default::z.io\nh.io::h.io:443\n");
    assert_eq!(migrated.unexplained, Vec::<String>::new(), "{}", migrated.text);
    assert!(
        is_same(&migrated.decide("h.io:8443/x/y:1"), "h.io/x/y:1"),
        "{}",
        migrated.text
    );
}

#[test]
fn key_that_is_not_a_registry_has_no_rule() {
    let migrated = of_map("default::h.io/d\na_b.io::t.io/y\n");
    assert_eq!(migrated.decide("a_b.io/x"), migrated.old("a_b.io/x"));
}

#[test]
fn image_below_library_is_not_at_a_target_without_it() {
    let migrated = of_map("default::docker.io/m\ndocker.io/library::h.io/x\n[EXACT]q.io/x::a/b\n");
    assert_eq!(migrated.unexplained, Vec::<String>::new(), "{}", migrated.text);
}

//! The crates that each crate may depend on. A new one is a decision: it is added here with the manifest.

use std::collections::BTreeSet;
use std::fs;

use imageswap_tests_structure::repository;

/// Manifests, and the dependencies that they have.
const DEPENDENCIES: [(&str, &[&str]); 3] = [
    (
        "src/engine/Cargo.toml",
        &[
            "base64",
            "foldhash",
            "hashbrown",
            "pest",
            "pest_derive",
            "serde",
            "serde_json",
            "smallvec",
            "strsim",
        ],
    ),
    (
        "src/files/Cargo.toml",
        &["base64", "imageswap-engine", "saphyr-parser", "serde_json"],
    ),
    (
        "migrate/Cargo.toml",
        &["imageswap-engine", "imageswap-files", "serde_json"],
    ),
];

/// The names in a section of a manifest.
fn names(manifest: &str, section: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(repository(manifest)).expect("a manifest");
    let lines = text
        .lines()
        .skip_while(|line| *line != format!("[{section}]"))
        .skip(1);
    let lines = lines.take_while(|line| !line.starts_with('['));
    let name = |line: &str| line.split(['=', '.', ' ']).next().unwrap_or_default().to_owned();
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(name)
        .collect()
}

#[test]
fn libraries_depend_on_what_is_listed() {
    for (manifest, expected) in DEPENDENCIES {
        let expected: BTreeSet<String> = expected.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(names(manifest, "dependencies"), expected, "{manifest}");
    }
}

#[test]
fn no_program_depends_on_code_for_tests() {
    for manifest in [
        "Cargo.toml",
        "src/engine/Cargo.toml",
        "src/files/Cargo.toml",
        "migrate/Cargo.toml",
    ] {
        let names = names(manifest, "dependencies");
        assert!(!names.is_empty(), "{manifest}");
        assert!(
            !names.iter().any(|name| name.starts_with("imageswap-tests")),
            "{manifest}"
        );
    }
}

//! Changes of a ConfigMap, and the sets that they lead to.

use std::fs;

use imageswap_engine::context::Context;
use tempfile::TempDir;

use super::*;
use crate::config::{Loaded, Processors};

/// Mounted files with the set that is made of them.
struct Mounted {
    directory: TempDir,
    source: RulesSource,
    texts: SetTexts,
}

fn verified(text: RulesText) -> Loaded {
    text.verify(Limits::default(), Processors::AllButOne)
}

fn config_map(keys: &[(&str, &str)]) -> ConfigMapFiles {
    let keys = keys.iter();
    keys.map(|(key, text)| ((*key).to_owned(), text.as_bytes().to_vec()))
        .collect()
}

impl Mounted {
    fn new(files: &[(&str, &str)], paths: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let paths = paths.iter().map(|path| directory.path().join(path)).collect();
        Self::of(directory, RulesSource::Paths(paths))
    }

    fn of(directory: TempDir, source: RulesSource) -> Self {
        let (set, findings, _) = verified(source.read(Limits::default()).unwrap()).into_parts();
        let (_, _, texts) = set.unwrap_or_else(|| panic!("{findings:?}"));
        Self {
            directory,
            source,
            texts,
        }
    }

    fn change(&self, old: &[(&str, &str)], new: &[(&str, &str)]) -> ChangedSet {
        let new = config_map(new);
        ChangedSet::new(
            &self.texts,
            &self.source,
            &config_map(old),
            new,
            Limits::default(),
        )
    }

    /// Returns the changed set as `NAME=TEXT`, in order, without the directory of the test.
    fn changed(&self, old: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<String> {
        let changed = self.change(old, new);
        assert!(!changed.is_alone);
        let root = format!("{}/", self.directory.path().display());
        let (sources, _) = changed.text.parse();
        let lines = sources.iter().map(|(_, source)| {
            let name = source.name();
            format!("{}={}", name.strip_prefix(&root).unwrap_or(name), source.text())
        });
        lines.collect()
    }
}

const A: &str = "rules v1\n# a";
const B: &str = "rules v1\n# b";
const C: &str = "rules v1\n# c";
const D: &str = "rules v1\n# d";

#[test]
fn keys_replace_add_and_remove_files_in_their_directory() {
    let mounted = Mounted::new(
        &[
            ("r/10-a.rules", A),
            ("r/30-c.rules", C),
            ("other/20-x.rules", A),
            ("r/40-d.rules", D),
        ],
        &["r", "other"],
    );
    let old = [("10-a.rules", A), ("40-d.rules", D)];
    assert_eq!(
        mounted.changed(
            &old,
            &[
                ("10-a.rules", B),
                ("20-b.rules", C),
                ("50-e.rules", D),
                ("note", "x")
            ]
        ),
        [
            "10-a.rules=rules v1\n# b",
            "20-b.rules=rules v1\n# c",
            "r/30-c.rules=rules v1\n# c",
            "50-e.rules=rules v1\n# d",
            "other/20-x.rules=rules v1\n# a",
        ]
    );
    let all_new = mounted.changed(&old, &[("20-b.rules", B)]);
    assert_eq!(
        all_new[..2],
        ["20-b.rules=rules v1\n# b", "r/30-c.rules=rules v1\n# c"]
    );
    let none = mounted.change(&old, &[]);
    assert_eq!(none.names, BTreeSet::new());
}

#[test]
fn config_map_without_a_mounted_file_is_alone() {
    let mounted = Mounted::new(
        &[("r/10-a.rules", "rules v1\nswap quay.io/ -> h.io/ as quay\n")],
        &["r"],
    );
    let changed = mounted.change(
        &[],
        &[
            ("b.rules", "rules v1\nswap gcr.io/ -> h.io/ as quay\n"),
            ("x", ""),
        ],
    );
    assert!(changed.is_alone);
    assert_eq!(changed.names, BTreeSet::from(["b.rules".to_owned()]));
    let loaded = verified(changed.text);
    assert!(loaded.loads(), "{:?}", loaded.findings);
    let [notice] = &loaded.notices[..] else {
        panic!("{:?}", loaded.notices)
    };
    assert!(notice.starts_with("the key x is ignored: "), "{notice}");
}

#[test]
fn file_of_another_name_is_found_by_its_text() {
    let mounted = Mounted::new(
        &[("r/10-a.rules", A), ("map/imageswap-maps.conf", "default::\n")],
        &["r", "map/imageswap-maps.conf"],
    );
    let old = [("maps", "default::\n")];
    let changed = mounted.changed(&old, &[("maps", "default::h.io\n"), ("more.rules", B)]);
    assert_eq!(changed, ["r/10-a.rules=rules v1\n# a", "maps=default::h.io\n"]);
    let unknown = mounted.change(&[("maps", "default::other\n")], &[("maps", "default::h.io\n")]);
    assert!(unknown.is_alone);

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("imageswap-maps.conf");
    fs::write(&path, "default::\n").unwrap();
    let mounted = Mounted::of(directory, RulesSource::MapFile(path));
    assert!(!mounted.change(&old, &[("maps", "rules v1\nkeep x\n")]).has_others);
    let changed = mounted.changed(&old, &[("maps", "rules v1\nkeep x\n")]);
    assert_eq!(changed, ["maps=rules v1\nkeep x\n"]);
    assert_eq!(mounted.changed(&old, &[]), [""; 0]);
}

#[test]
fn of_two_files_with_the_name_the_one_with_the_old_text_is_meant() {
    let mounted = Mounted::new(&[("one/a.rules", A), ("two/a.rules", B)], &["one", "two"]);
    for (old, expected) in [
        (B, ["one/a.rules=rules v1\n# a", "a.rules=rules v1\n# d"]),
        (A, ["a.rules=rules v1\n# d", "two/a.rules=rules v1\n# b"]),
        // The mount lags behind.
        (C, ["a.rules=rules v1\n# d", "two/a.rules=rules v1\n# b"]),
    ] {
        assert_eq!(mounted.changed(&[("a.rules", old)], &[("a.rules", D)]), expected);
    }
}

#[test]
fn faults_of_values_are_findings_with_the_key() {
    let mounted = Mounted::new(&[("r/a.rules", A), ("r/z.conf", "default::\n")], &["r"]);
    let long = format!("rules v1\n{}", "# comment\n".repeat(1 << 17));
    let cases: [(&str, &[u8], &str); 4] = [
        ("a.rules", b"rules v1\n\xff\n", "a.rules:2:1: error[E0"),
        ("a.rules", b"\xff\xfer\0", "a.rules:1:1: error[E0"),
        ("a.rules", long.as_bytes(), "longer than 1 MiB"),
        (
            "maps",
            b"default::h.io\n",
            "is a second map file in addition to maps",
        ),
    ];
    for (key, bytes, expected) in cases {
        let mut new = config_map(&[("a.rules", A)]);
        new.insert(key.to_owned(), bytes.to_vec());
        let none = ConfigMapFiles::new();
        let changed = ChangedSet::new(&mounted.texts, &mounted.source, &none, new, Limits::default());
        let loaded = verified(changed.text);
        assert!(!loaded.loads());
        let lines: Vec<String> = loaded
            .findings
            .iter()
            .map(|finding| finding.short(&loaded.sources, |_| None))
            .collect();
        assert!(lines.iter().any(|line| line.contains(expected)), "{lines:?}");
    }
}

#[test]
fn changed_set_evaluates_as_the_files_would() {
    let files = [
        ("r/10-a.rules", "rules v1\nkeep quay.io/x\n"),
        ("r/20-b.rules", "rules v1\nswap quay.io/ -> b.io/\n"),
    ];
    let mounted = Mounted::new(&files, &["r"]);
    let changed = mounted.change(&[], &[("20-b.rules", "rules v1\nswap quay.io/ -> c.io/\n")]);
    let loaded = verified(changed.text);
    let rules = loaded.rules().unwrap();
    let swapped = |image| rules.evaluate(image, &Context::default()).into_effect();
    assert_eq!(format!("{:?}", swapped("quay.io/x")), "Keep");
    assert_eq!(format!("{:?}", swapped("quay.io/y")), "Swap(\"c.io/y\")");
}

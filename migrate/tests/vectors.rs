//! Compares migrated rules with every recorded answer of imageswap-webhook v1.5.3.
//!
//! Images are compared in canonical form. The page about migration describes the differences that are allowed. These
//! tests check them on their own, without the reasons of the library.

use std::collections::{BTreeMap, HashMap};

use imageswap_tests_support::migrated::{Migrated, is_same, of_map, of_prefix, read};
use serde_json::Value;

/// Compares the rows of a file. Returns the number of rows, and of differences by reason.
fn compare(
    file: &str,
    key: &str,
    migrated: impl Fn(&str) -> Migrated,
) -> (usize, BTreeMap<&'static str, usize>) {
    let mut sets: HashMap<String, Migrated> = HashMap::new();
    let (mut rows, mut excused, mut wrong) = (0, BTreeMap::new(), Vec::new());
    for line in read(file).lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let (image, of) = (row["image"].as_str().unwrap(), row[key].as_str().unwrap());
        let set = sets.entry(of.to_owned()).or_insert_with(|| migrated(of));
        let expected = row["expect"].as_str().unwrap_or(image);
        let found = set.decide(image);
        rows += 1;
        if is_same(&found, expected) {
            continue;
        }
        match set.excuse(image, expected, &found) {
            Some(why) => *excused.entry(why).or_default() += 1,
            None => wrong.push(format!("{of} {image}: expected {expected}, found {found}")),
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {rows} rows differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    (rows, excused)
}

#[test]
fn rules_of_maps_have_the_recorded_results() {
    let (rows, excused) = compare("vectors.jsonl", "map", |name| of_map(&read(name)));
    assert_eq!(rows, 6773);
    println!("{excused:?}");
    assert!(excused.values().sum::<usize>() < rows / 10, "{excused:?}");
}

#[test]
fn rules_of_prefixes_have_the_recorded_results() {
    let (rows, excused) = compare("prefix.jsonl", "prefix", of_prefix);
    assert_eq!(rows, 448);
    println!("{excused:?}");
}

#[test]
fn differences_of_recorded_maps_have_reasons() {
    let mut wrong = Vec::new();
    for number in 0..100 {
        let name = format!("maps/{number:03}.conf");
        let migrated = of_map(&read(&name));
        assert!(migrated.compared > 50, "{name}");
        wrong.extend(migrated.unexplained.iter().map(|line| format!("{name}: {line}")));
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
}

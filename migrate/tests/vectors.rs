//! Every recorded answer of imageswap-webhook v1.5.3, given by the rules that come of its configuration.
//!
//! Compared by meaning. What may differ is said in the page about migration, and judged here anew, without asking the
//! library for its reasons.

use std::collections::{BTreeMap, HashMap};

use imageswap_tests_support::migrated::{Migrated, is_same, of_map, of_prefix, read};
use serde_json::Value;

/// Compares rows; gives how many were, and how many differ for which reason.
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
fn the_rules_for_a_map_give_every_recorded_answer() {
    let (rows, excused) = compare("vectors.jsonl", "map", |name| of_map(&read(name)));
    assert_eq!(rows, 6773);
    println!("{excused:?}");
    assert!(excused.values().sum::<usize>() < rows / 10, "{excused:?}");
}

#[test]
fn the_rules_for_a_prefix_give_every_recorded_answer() {
    let (rows, excused) = compare("prefix.jsonl", "prefix", of_prefix);
    assert_eq!(rows, 448);
    println!("{excused:?}");
}

#[test]
fn nothing_that_is_compared_for_a_recorded_map_is_without_a_reason() {
    let mut wrong = Vec::new();
    for number in 0..100 {
        let name = format!("maps/{number:03}.conf");
        let migrated = of_map(&read(&name));
        assert!(migrated.compared > 50, "{name}");
        wrong.extend(migrated.unexplained.iter().map(|line| format!("{name}: {line}")));
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
}

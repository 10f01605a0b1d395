//! What an independent reading of the language says of rule sets: which load, and what they decide.

use std::path::PathBuf;

use imageswap_engine::rules::Effect;
use serde_json::Value;

use super::support::{Given, load};

fn rows(file: &str) -> Vec<Value> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/conformance/rules")
        .join(file);
    std::fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn files(row: &Value) -> impl Iterator<Item = (&str, &str)> {
    row["files"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str().unwrap()))
}

#[test]
fn every_recorded_decision_comes_out() {
    let mut wrong = Vec::new();
    let mut count = 0;
    let mut refused = 0;
    for (number, row) in rows("vectors.jsonl").iter().enumerate() {
        let loaded = load(files(row));
        if !loaded.errors().is_empty() {
            wrong.push(format!(
                "set {number} ({}) is refused:\n{}",
                row["proof"],
                loaded.short()
            ));
            refused += 1;
            continue;
        }
        let set = loaded.set();
        for case in row["cases"].as_array().unwrap() {
            count += 1;
            let given = Given::new(&case["context"]);
            let image = case["image"].as_str().unwrap();
            let decision = set.decide(image, &given.context());
            let (effect, result) = match &decision.effect {
                Effect::Keep => ("keep", None),
                Effect::Swap(result) => ("swap", Some(result.as_str())),
                Effect::Deny => ("deny", None),
                Effect::Invalid(_) => ("invalid", None),
            };
            let found = serde_json::json!({
                "effect": effect,
                "result": result,
                "rule": decision.rule.map(|rule| set.rule_name(rule)),
                "warnings": decision.warnings.iter().map(|rule| set.rule_name(*rule)).collect::<Vec<_>>(),
                "secrets": decision.pull_secrets,
            });
            for key in ["effect", "result", "rule", "warnings", "secrets"] {
                if found[key] != case[key] {
                    wrong.push(format!(
                        "set {number}, {image} {}: {key} is {}, expected {}; {:?}",
                        case["context"], found[key], case[key], decision.effect
                    ));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {count}, {refused} refused:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert_eq!(count, 5_100, "the whole list was read");
}

#[test]
fn what_must_not_load_is_refused_at_its_line_and_what_is_odd_loads() {
    let mut wrong = Vec::new();
    let all = rows("load.jsonl");
    for row in &all {
        let loaded = load(files(row));
        let errors = loaded.errors();
        let category = row["category"].as_str();
        let lines: Vec<usize> = errors
            .iter()
            .map(|error| loaded.sources.file_and_line(error.span().unwrap()).1)
            .collect();
        let expected: Vec<usize> = match row.get("lines") {
            Some(lines) => lines
                .as_array()
                .unwrap()
                .iter()
                .map(|line| usize::try_from(line.as_u64().unwrap()).unwrap())
                .collect(),
            None => row
                .get("line")
                .and_then(Value::as_u64)
                .map(|line| usize::try_from(line).unwrap())
                .into_iter()
                .collect(),
        };
        // Continuation lines count as the line of their statement.
        let is_right = match category {
            None => errors.is_empty(),
            Some(_) => lines
                .first()
                .is_some_and(|line| expected.contains(line) || expected.contains(&(line - 1))),
        };
        if !is_right {
            wrong.push(format!("{row}\n{}", loaded.short()));
        }
    }
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(all.len(), 153, "the whole list was read");
}

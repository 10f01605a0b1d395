//! The answers of an independent reading of the language: the sets that load, and their decisions.

use imageswap_tests_support::agree::in_words;
use imageswap_tests_support::loaded::{Given, load};
use imageswap_tests_support::naive::{Decision, Naive};
use imageswap_tests_support::recorded::conformance;
use serde_json::Value;

pub(crate) fn rows(file: &str) -> Vec<Value> {
    let path = conformance("rules").join(file);
    std::fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

pub(crate) fn files(row: &Value) -> impl Iterator<Item = (&str, &str)> {
    row["files"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str().unwrap()))
}

#[test]
fn evaluation_gives_every_recorded_decision() {
    let mut wrong = Vec::new();
    let mut count = 0;
    let mut rejected = 0;
    for (number, row) in rows("vectors.jsonl").iter().enumerate() {
        let loaded = load(files(row));
        if !loaded.errors().is_empty() {
            wrong.push(format!(
                "set {number} ({}) is rejected:\n{}",
                row["proof"],
                loaded.short()
            ));
            rejected += 1;
            continue;
        }
        let set = loaded.set();
        let naive = Naive::new(files(row));
        for case in row["cases"].as_array().unwrap() {
            count += 1;
            let given = Given::new(&case["context"]);
            let image = case["image"].as_str().unwrap();
            let texts = |key: &str| -> Vec<String> {
                let list = case[key].as_array().unwrap().iter();
                list.map(|text| text.as_str().unwrap().to_owned()).collect()
            };
            let text = |key: &str| case[key].as_str().map(ToOwned::to_owned);
            let effect = case["effect"].as_str().unwrap();
            let is_as_recorded = |decision: &Decision| {
                decision.effect == effect
                    && decision.result == text("result")
                    && decision.rule == text("rule")
                    && decision.warnings == texts("warnings")
                    && decision.secrets == texts("secrets")
            };
            let context = given.context();
            let found = in_words(set, &set.evaluate(image, &context));
            let of_naive = naive.decide(image, &context);
            for (who, decision) in [("the engine", found), ("the other reading", of_naive)] {
                if !is_as_recorded(&decision) {
                    wrong.push(format!("set {number}: {who} says {decision:?} of {case}"));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {count}, {rejected} rejected:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert_eq!(count, 5_100, "the whole list was read");
}

/// Returns true if a line is the first line of a statement, or continues it.
fn is_line_of(row: &Value, statement: usize, line: usize) -> bool {
    let continues = |text: &str| {
        text.lines()
            .skip(statement)
            .take(line.saturating_sub(statement))
            .all(|line| line.starts_with([' ', '\t']) || line.is_empty() || line.starts_with('#'))
    };
    line == statement || (line > statement && files(row).any(|(_, text)| continues(text)))
}

#[test]
fn invalid_sets_are_rejected_at_their_line() {
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
        let is_right = match category {
            None => errors.is_empty(),
            Some(_) => lines
                .first()
                .is_some_and(|line| expected.iter().any(|expected| is_line_of(row, *expected, *line))),
        };
        if !is_right {
            wrong.push(format!("{row}\n{}", loaded.short()));
        }
    }
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(all.len(), 153, "the whole list was read");
}

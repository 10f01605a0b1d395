//! The options of `explain`, its JSON and the completions use the words of conditions.

use std::collections::BTreeSet;

use imageswap_engine::context::{Subject, ValueKind};
use serde_json::Value;

use crate::run::run;

fn words() -> BTreeSet<String> {
    let has_value = |subject: &&Subject| subject.kind() != ValueKind::None;
    let subjects = Subject::ALL.iter().filter(has_value);
    subjects.map(|subject| subject.as_str().to_owned()).collect()
}

#[test]
fn explain_has_an_option_for_each_value_of_the_context() {
    let help = run("imageswap explain --help", ".").stdout;
    let section = help.split("\nContext:\n").nth(1).unwrap();
    let options = section.split("\n\n").flat_map(str::lines);
    let options = options
        .map_while(|line| line.starts_with(' ').then(|| line.trim_start()))
        .filter_map(|line| line.strip_prefix("--")?.split(' ').next())
        .map(str::to_owned);
    assert!(words().is_subset(&options.collect()), "{section}");
}

#[test]
fn setting_in_json_has_a_field_for_each_value_of_the_context() {
    let differences = run(
        "imageswap diff --format json diff/old.rules diff/off.rules",
        "tests/cli/folder",
    );
    let objects = differences.stdout.lines();
    let mut objects = objects.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let image = objects.find(|object| object["kind"] == "image").unwrap();
    let fields = image["setting"].as_object().unwrap().keys().cloned();
    let expected = Subject::ALL.iter().filter_map(|subject| match subject.kind() {
        ValueKind::Pairs(_) => Some(format!("{}s", subject.as_str())),
        ValueKind::Text(_) | ValueKind::Word(_) | ValueKind::Owner => Some(subject.as_str().to_owned()),
        ValueKind::None => None,
    });
    assert_eq!(fields.collect::<BTreeSet<_>>(), expected.collect());
}

#[test]
fn values_of_conditions_are_completed_for_each_option() {
    let folder = std::env::temp_dir().join(format!("imageswap-vocabulary-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let conditions = Subject::ALL.iter().filter_map(|subject| match subject.kind() {
        ValueKind::Pairs(_) => Some(format!("{} key=probe", subject.as_str())),
        ValueKind::Text(_) | ValueKind::Owner => Some(format!("{} probe", subject.as_str())),
        ValueKind::Word(words) => Some(format!("{} {}", subject.as_str(), words[0])),
        ValueKind::None => None,
    });
    let conditions: Vec<String> = conditions.collect();
    let rules = format!("rules v1\nkeep ** when {}\n", conditions.join(" and "));
    std::fs::write(folder.join("a.rules"), rules).unwrap();
    for condition in conditions {
        let (word, value) = condition.split_once(' ').unwrap();
        let line = format!("imageswap __complete fish -- explain --rules a.rules --{word} ''");
        let found = run(&line, folder.to_str().unwrap()).stdout;
        let is_found = found.lines().any(|line| line.split('\t').next() == Some(value));
        assert!(is_found, "--{word} is completed by {found:?}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

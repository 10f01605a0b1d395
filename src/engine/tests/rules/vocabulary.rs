//! The words of conditions are the same in the table, the grammar, the page of the language and the fuzz dictionary.

use std::collections::BTreeSet;

use imageswap_engine::context::{Place, Subject, ValueKind};
use imageswap_engine::diagnostic::SourceId;
use imageswap_engine::syntax::ast::{ModifierKind, StatementKind};
use imageswap_engine::syntax::rules::parse;
use imageswap_tests_support::repository::path;

const GRAMMAR: &str = include_str!("../../../../grammar/rules.pest");
const PAGE: &str = include_str!("../../../../docs/language.md");
const DICTIONARY: &str = include_str!("../../../../fuzz/rules.dict");

fn words() -> BTreeSet<&'static str> {
    Subject::words().collect()
}

fn has_value(subject: Subject) -> bool {
    subject.kind() != ValueKind::None
}

/// Returns the text after the name of a rule of the grammar.
fn rule_of_grammar(name: &str) -> &'static str {
    GRAMMAR
        .lines()
        .find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix("= "))
        .unwrap_or_else(|| panic!("the grammar has no rule {name}"))
}

#[test]
fn grammar_has_the_words_of_the_table() {
    let names = |rule: &'static str| -> BTreeSet<&str> {
        rule.split(|character: char| !character.is_ascii_alphanumeric() && character != '_')
            .filter(|name| !name.is_empty() && *name != "_")
            .collect()
    };
    let with_values = names(rule_of_grammar("subject"));
    let of_conditions: BTreeSet<&str> = names(rule_of_grammar("condition"))
        .into_iter()
        .filter(|name| !["not", "gap", "subject", "value", "comma"].contains(name))
        .collect();
    let (expected, without): (Vec<Subject>, Vec<Subject>) =
        Subject::ALL.iter().partition(|subject| has_value(**subject));
    assert_eq!(with_values, expected.into_iter().map(Subject::as_str).collect());
    assert_eq!(of_conditions, without.into_iter().map(Subject::as_str).collect());
    for word in words() {
        assert_eq!(rule_of_grammar(word), format!(r#"@{{ "{word}" ~ ends }}"#));
    }
}

#[test]
fn parser_reads_each_word_as_its_subject() {
    for subject in Subject::ALL.iter().copied() {
        let value = if has_value(subject) { " a=b" } else { "" };
        let text = format!("keep ** when not {}{value}", subject.as_str());
        let (file, findings) = parse(SourceId::default(), &text);
        assert!(findings.is_empty(), "{text}: {findings:?}");
        let StatementKind::Rule(rule) = &file.statements[0].kind else {
            panic!("{text} is not a rule");
        };
        let ModifierKind::When(conditions) = &rule.modifiers[0].kind else {
            panic!("{text} has no condition");
        };
        let subjects: Vec<Subject> = conditions.iter().map(|condition| condition.subject).collect();
        assert_eq!(subjects, [subject]);
    }
}

#[test]
fn page_describes_each_condition_and_each_default() {
    let section = PAGE.split("\n## Conditions\n").nth(1).unwrap();
    let mut tables = section
        .split("\n|---")
        .map(|table| table.split("\n\n").next().unwrap());
    let described: BTreeSet<&str> = tables
        .nth(1)
        .unwrap()
        .lines()
        .filter_map(|row| row.strip_prefix("| `")?.split([' ', '`']).next())
        .collect();
    assert_eq!(described, words());
    for subject in Subject::ALL.iter().copied() {
        if let Some(closed) = subject.closed() {
            let row = format!("| `{} {}` |", subject.as_str(), closed.join(", "));
            assert!(section.contains(&row), "{row}");
        }
    }
    let head = PAGE
        .lines()
        .position(|line| line.ends_with("| everything else |"))
        .unwrap();
    let cells = |number: usize| -> Vec<&str> {
        let line = PAGE.lines().nth(number).unwrap();
        line.split('|')
            .map(|cell| cell.trim().trim_matches('`'))
            .collect()
    };
    let documented: BTreeSet<(&str, &str)> = cells(head)
        .into_iter()
        .zip(cells(head + 2))
        .filter(|(name, _)| !name.is_empty() && *name != "everything else")
        .collect();
    let defaults = Subject::ALL
        .iter()
        .filter_map(|subject| Some((subject.as_str(), subject.default()?)));
    assert_eq!(documented, defaults.collect());
}

#[test]
fn each_word_has_a_case_with_a_rule_and_a_test() {
    let (mut in_rules, mut in_tests) = (BTreeSet::new(), BTreeSet::new());
    for entry in std::fs::read_dir(path("grammar/valid")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rules") {
            continue;
        }
        let (file, _) = parse(SourceId::default(), &std::fs::read_to_string(path).unwrap());
        for statement in &file.statements {
            match &statement.kind {
                StatementKind::Rule(rule) => {
                    for modifier in &rule.modifiers {
                        if let ModifierKind::When(conditions) = &modifier.kind {
                            in_rules.extend(conditions.iter().map(|condition| condition.subject.as_str()));
                        }
                    }
                }
                StatementKind::Test { when, .. } => {
                    let conditions = when.iter().flatten();
                    in_tests.extend(conditions.map(|condition| condition.subject.as_str()));
                }
                _ => {}
            }
        }
    }
    assert_eq!(in_rules, words());
    // A test cannot set the condition that reads the image itself.
    let with_values = Subject::ALL.iter().copied().filter(|subject| has_value(*subject));
    assert_eq!(in_tests, with_values.map(Subject::as_str).collect());
}

#[test]
fn fuzz_dictionary_has_each_word() {
    for word in words() {
        let line = format!("\"{word}\"");
        assert!(DICTIONARY.lines().any(|known| known == line), "{line}");
    }
}

#[test]
fn each_place_has_a_word_of_its_own() {
    for place in Place::ALL {
        assert_eq!(Place::parse(place.as_str()), Some(place));
    }
    assert_eq!(
        Subject::Place.closed(),
        Some(Place::ALL.map(Place::as_str).as_slice())
    );
}

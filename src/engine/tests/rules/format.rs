//! The formatter: recorded cases, and properties.
//!
//! A case is a file `grammar/format/NAME.rules`; the expected output is `NAME.out`. If the variable `UPDATE_CASES` is
//! set, the test records the outputs again: read the changes before you commit them.

use std::fs;
use std::path::PathBuf;

use imageswap_engine::compile::RuleSet;
use imageswap_engine::diagnostic::{Code, SourceId};
use imageswap_engine::rules::Decision;
use imageswap_engine::syntax::format::{FormatError, format, one_line};
use imageswap_engine::syntax::rules::{MAX_STATEMENT, parse};
use imageswap_tests_support::fixed::{Files, fixed, loaded};
use imageswap_tests_support::generate::Choices;
use imageswap_tests_support::loaded::{Given, Loaded, load_text};
use imageswap_tests_support::repository;
use proptest::collection::vec;
use proptest::prelude::*;

use super::vectors::rows;

/// Formats a file, and asserts that a second run changes nothing.
#[track_caller]
fn formatted(text: &str) -> String {
    let once = format(SourceId::default(), text).unwrap_or_else(|error| panic!("{error:?}\n{text}"));
    let twice = format(SourceId::default(), &once).unwrap_or_else(|error| panic!("{error:?}\n{once}"));
    assert_eq!(once, twice, "of\n{text}");
    once
}

fn all_formatted(files: &Files) -> Files {
    let each = files.iter();
    each.map(|(name, text)| (name.clone(), formatted(text))).collect()
}

/// Returns the files below a directory of the repository.
fn files(directory: &str) -> Vec<PathBuf> {
    let root = repository::path(directory);
    let mut directories = vec![root];
    let mut files = Vec::new();
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rules") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

#[test]
fn case_is_formatted_as_recorded() {
    let mut wrong = Vec::new();
    let cases = files("grammar/format");
    assert!(cases.len() >= 12, "{} cases", cases.len());
    for path in cases {
        let text = formatted(&fs::read_to_string(&path).unwrap());
        let recorded = path.with_extension("out");
        if std::env::var_os("UPDATE_CASES").is_some() {
            fs::write(&recorded, &text).unwrap();
        }
        if fs::read_to_string(&recorded).ok().as_ref() != Some(&text) {
            wrong.push(format!("{}, came:\n{text}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn formatting_keeps_the_meaning_of_valid_cases() {
    let cases = files("grammar/valid");
    assert!(cases.len() >= 60);
    for path in cases {
        let text = fs::read_to_string(&path).unwrap();
        let (before, after) = (load_text(&text), load_text(&formatted(&text)));
        let findings = |loaded: &Loaded| {
            let codes = loaded.findings.iter().map(|finding| finding.code.as_str());
            let mut codes: Vec<&str> = codes.collect();
            codes.sort_unstable();
            (codes, loaded.tests.len())
        };
        assert_eq!(findings(&before), findings(&after), "{}", path.display());
    }
}

#[test]
fn formatting_keeps_recorded_decisions() {
    let mut count = 0;
    for row in rows("vectors.jsonl") {
        let files: Files = super::vectors::files(&row)
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .collect();
        let after = loaded(&all_formatted(&files));
        let before = loaded(&files);
        for case in row["cases"].as_array().unwrap() {
            let given = Given::new(&case["context"]);
            let image = case["image"].as_str().unwrap();
            let decide = |set: &RuleSet| what_came(set.evaluate(image, &given.context()));
            assert_eq!(decide(before.set()), decide(after.set()), "{image} in {row}");
            count += 1;
        }
    }
    assert!(count > 1_000, "{count} images");
}

/// Returns a decision without its rule, because the name of a rule may be its line.
fn what_came(decision: Decision<'_>) -> String {
    format!(
        "{:?} {:?} {}",
        decision.effect(),
        decision.pull_secrets(),
        decision.warnings().len()
    )
}

#[test]
fn text_with_errors_is_not_formatted() {
    let text = "rules v1\nkeep quay.io/ wen namespace a\nkeep a/\n  swap b/ -> c.io/\n";
    let Err(FormatError::Syntax(findings)) = format(SourceId::default(), text) else {
        panic!("it is formatted");
    };
    assert_eq!(findings, parse(SourceId::default(), text).1);
    assert_eq!(findings.len(), 2);
}

#[test]
fn empty_text_and_comments_are_formatted() {
    for (text, expected) in [
        ("", ""),
        ("\u{feff}", ""),
        ("\n \r\n\t\n", ""),
        ("\n\n# a  \n\n\n   # b", "# a\n\n# b\n"),
        ("rules v1", "rules v1\n"),
        ("\u{feff}rules\tv1\r\n\r\n", "rules v1\n"),
    ] {
        assert_eq!(formatted(text), expected, "{text:?}");
    }
}

#[test]
fn formatting_makes_no_statement_too_long() {
    // A statement at the limit keeps its layout; the others are aligned if there is room.
    for values in [1_000, 1_500, 1_900, 2_020] {
        let list = ["a"; 2_020].get(..values).unwrap().join(",");
        let statement = format!("keep quay.io/ when namespace {list} as n{values}\n");
        assert!(statement.len() <= MAX_STATEMENT + 1);
        let text = formatted(&format!("rules v1\n\nkeep a/ as a\n{statement}keep b/\tas b\n"));
        assert_eq!(text.contains(&statement), values >= 1_500, "{values}");
        assert!(text.contains("keep  a/  as a\n") && text.contains("keep  b/  as b\n"));
    }
    // The spaces before comments count too.
    for comments in [40, 200, 400] {
        let lines: String = (0..comments).map(|_| "   # c\n").collect();
        let wide = format!("{}/", "a".repeat(60));
        let long = format!("rules v1\nkeep\n{lines} b/ when namespace a\nkeep quay.io/{wide} # d\n");
        formatted(&long);
    }
}

#[test]
fn statement_of_4096_bytes_keeps_its_length() {
    for tail in ["", " # c", " # c\n   # d\n   # e"] {
        let mut statement = "keep quay.io/ when namespace a".to_owned();
        while statement.len() + 2 <= MAX_STATEMENT - tail.len() {
            statement.push_str(",b");
        }
        let text = format!("rules v1\n{statement}{tail}\n");
        assert!(formatted(&text).contains(&statement), "{tail}");
    }
}

#[test]
fn formatting_a_mebibyte_takes_linear_time() {
    let lines = [
        "keep a/\n",
        "swap quay.io/a/ -> h.io/quay/a/ as x # c\n",
        "# c\n",
        "\n\n",
        "   # c\n",
        "keep a/ # c\n   # d\n",
        "keep\n# c\n a/\n",
        "let a = b\n",
        "home a/, b/,c/\n",
        "test a keep\n",
        "deny **:latest because \"a\\\"b\"\n when\n namespace a,\nb\n",
    ];
    for line in lines {
        let text = format!("rules v1\n{}", line.repeat((1 << 20) / line.len()));
        // Some of these have errors, and finding them takes no longer.
        let _ = format(SourceId::default(), &text).map(|text| format(SourceId::default(), &text));
    }
    let comments = format!("rules v1\nkeep a/ # a\n{}", "  # b\n".repeat(100_000));
    assert_eq!(formatted(&comments).lines().count(), 100_002);
    let rules: String = (0..100_000)
        .map(|number| format!("swap r{number}.example.com/ -> h.io/r{number}/ as n{number} # {number}\n"))
        .collect();
    assert_eq!(formatted(&format!("rules v1\n{rules}")).lines().count(), 100_001);
}

#[test]
fn one_line_form_is_the_same_for_every_layout() {
    let line = r#"deny **:latest because "a  \"b # c" when namespace a, b and not label c"#;
    for text in [
        line.to_owned(),
        "deny **:latest # x\n  because \"a  \\\"b # c\"\n # y\n when\tnamespace a ,b\n   and not label c # z"
            .to_owned(),
        formatted(&format!("{line}\n")).trim_end().to_owned(),
    ] {
        assert_eq!(one_line(&text).as_deref(), Some(line), "{text}");
    }
    assert_eq!(one_line("keep"), None);
    assert_eq!(one_line("keep a/\nkeep b/"), None);
}

/// Returns the words of a text without the text between them. (No generated word but a quoted text has a comma or a
/// `#`.)
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    let mut is_comment = false;
    let mut before = ' ';
    for character in text.trim_start_matches('\u{feff}').chars() {
        let is_space = character.is_whitespace();
        if is_comment {
            is_comment = character != '\n';
        } else if is_quoted {
            words.last_mut().unwrap().push(character);
            is_quoted = character != '"' || before == '\\';
        } else if character == '#' && before.is_whitespace() {
            is_comment = true;
        } else if character == ',' || is_space {
            words.push(if is_space { "" } else { "," }.to_owned());
            words.push(String::new());
        } else {
            is_quoted = character == '"';
            words.last_mut().unwrap().push(character);
        }
        before = if before == '\\' { ' ' } else { character };
    }
    words.retain(|word| !word.is_empty());
    words
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn formatting_twice_changes_nothing(
        rules in vec(any::<u8>(), 0..300),
        layout in vec(any::<u8>(), 0..300),
    ) {
        let mut choices = Choices::new(&layout);
        for (_, text) in Choices::new(&rules).files().files {
            let (messy, comments) = choices.messy(&text);
            if !parse(SourceId::default(), &text).1.is_empty() {
                prop_assert!(matches!(format(SourceId::default(), &messy), Err(FormatError::Syntax(_))));
                continue;
            }
            let formatted = formatted(&messy);
            prop_assert_eq!(words(&messy), words(&text));
            prop_assert_eq!(words(&formatted), words(&text), "{}\n{}", messy, formatted);
            let mut rest = formatted.as_str();
            for comment in &comments {
                let at = rest.find(&format!("{comment}\n"));
                prop_assert!(at.is_some(), "{} is missing\n{}\n{}", comment, messy, formatted);
                rest = rest.split_at(at.unwrap() + comment.len()).1;
            }
            prop_assert!(!formatted.contains([' ', '\n']) || formatted.ends_with('\n'));
            let is_clean = |line: &str| !line.contains(['\t', '\r', '\u{feff}']) && !line.ends_with(' ');
            prop_assert!(formatted.lines().all(is_clean), "{}", formatted);
            prop_assert!(!formatted.contains("\n\n\n") && !formatted.starts_with('\n') && !formatted.ends_with("\n\n"));
        }
    }

    #[test]
    fn formatted_rules_decide_the_same(
        rules in vec(any::<u8>(), 0..300),
        layout in vec(any::<u8>(), 0..200),
        images in vec(any::<u8>(), 0..100),
    ) {
        let mut generated = Choices::new(&rules).files();
        fixed(&mut generated.files, false);
        let mut choices = Choices::new(&layout);
        let messy: Files = generated
            .files
            .iter()
            .map(|(name, text)| (name.clone(), choices.messy(text).0))
            .collect();
        let (before, after) = (loaded(&generated.files), loaded(&all_formatted(&messy)));
        let mut choices = Choices::new(&images);
        while !choices.is_at_end() {
            let image = choices.image(&generated.forms);
            let setting = choices.setting();
            let decide = |set: &RuleSet| what_came(set.evaluate(&image, &setting.context()));
            prop_assert_eq!(decide(before.set()), decide(after.set()), "{}", image);
        }
    }

    #[test]
    fn edited_text_is_formatted_or_has_errors(
        rules in vec(any::<u8>(), 0..300),
        layout in vec(any::<u8>(), 0..300),
        edits in vec(any::<u8>(), 0..40),
    ) {
        let mut layout = Choices::new(&layout);
        let mut choices = Choices::new(&edits);
        for (_, text) in Choices::new(&rules).files().files {
            let mut text = layout.messy(&text).0;
            for _ in 0..choices.below(6) {
                let at = (choices.below(256) * 256 + choices.below(256)) % (text.len() + 1);
                if text.is_char_boundary(at) {
                    choices.edit(&mut text, at);
                }
            }
            match format(SourceId::default(), &text) {
                Ok(_) => drop(formatted(&text)),
                Err(FormatError::Syntax(findings)) => prop_assert!(!findings.is_empty()),
                Err(FormatError::Map) => prop_assert!(text.contains("::")),
                Err(FormatError::Changed) => prop_assert!(false, "{text:?}"),
            }
        }
    }
}

#[test]
fn formatting_does_not_shorten_a_too_long_statement() {
    let text = format!("rules v1\nkeep a/ when{}namespace a\n", " ".repeat(MAX_STATEMENT));
    let Err(FormatError::Syntax(findings)) = format(SourceId::default(), &text) else {
        panic!("it is formatted");
    };
    assert_eq!(
        findings.first().map(|finding| finding.code),
        Some(Code::STATEMENT_TOO_LONG)
    );
}

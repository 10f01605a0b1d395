//! The page of errors: the first example of each entry has the finding, and the second one does not.

use std::fmt::Write as _;

use imageswap_engine::compile::Limits;
use imageswap_engine::diagnostic::{Code, Severity};
use imageswap_tests_support::loaded::{Loaded, load_text, load_within};
use proptest::prelude::*;

use super::examples::{Example, examples};

const PAGE: &str = include_str!("../../../../docs/errors.md");

/// Codes that need a long file: the page describes it.
const DESCRIBED: [Code; 5] = [
    Code::STATEMENT_TOO_LONG,
    Code::TOO_MANY_RULES,
    Code::TOO_MANY_FILES,
    Code::UNPROVEN,
    Code::SLOW,
];

/// Codes about files, which the engine does not read: the tests of the command line show them.
const OF_FILES: [Code; 4] = [
    Code::NOT_UTF8,
    Code::FILE_TOO_LONG,
    Code::SECOND_MAP,
    Code::ONLY_DIRECTORIES,
];

#[test]
fn first_example_has_the_finding_and_second_is_fixed() {
    let mut wrong = Vec::new();
    let mut count = 0;
    // The tests of the map reader show the codes of map files.
    let is_of_maps = |code: &Code| code.as_str().get(1..3) == Some("09");
    let shown = |code: &&Code| !is_of_maps(code) && !OF_FILES.contains(code);
    for code in Code::ALL.iter().filter(shown) {
        let [mistake, fixed] = examples_of(*code);
        let mistake = mistake.load();
        if !DESCRIBED.contains(code) && !shows_only(&mistake, *code) {
            wrong.push(format!("{code}, the mistake:\n{}", mistake.short()));
        }
        let fixed = fixed.load();
        if !fixed.errors().is_empty() || fixed.findings.iter().any(|finding| finding.code == *code) {
            wrong.push(format!("{code}, fixed:\n{}", fixed.short()));
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 50, "{count} entries");
}

#[test]
fn statement_over_4096_bytes_is_too_long() {
    for (length, is_good) in [(4096, true), (4097, false)] {
        let mut statement = "keep quay.io/ when namespace a".to_owned();
        while statement.len() + 5 <= length {
            statement.push_str(",\n bc");
        }
        statement.push_str(&"d".repeat(length - statement.len()));
        let loaded = load_text(&format!("rules v1\n{statement}\n"));
        assert_eq!(loaded.errors().is_empty(), is_good, "{}", loaded.short());
        assert_eq!(shows_only(&loaded, Code::STATEMENT_TOO_LONG), !is_good);
    }
}

#[test]
fn rule_over_the_limit_is_rejected() {
    for (rules, is_good) in [(3, true), (4, false)] {
        let mut text = "rules v1\n".to_owned();
        for number in 1..=rules {
            writeln!(text, "keep r{number}.example.com/").unwrap();
        }
        let loaded = load_within([("a.rules", text.as_str())], within(3, 10));
        assert_eq!(loaded.errors().is_empty(), is_good, "{}", loaded.short());
        assert_eq!(shows_only(&loaded, Code::TOO_MANY_RULES), !is_good);
    }
}

#[test]
fn file_over_the_limit_is_rejected() {
    let names: Vec<String> = (1..=4).map(|number| format!("{number}.rules")).collect();
    for (files, is_good) in [(3, true), (4, false)] {
        let files = names.iter().take(files).map(|name| (name.as_str(), "rules v1\n"));
        let loaded = load_within(files, within(10, 3));
        assert_eq!(loaded.errors().is_empty(), is_good, "{}", loaded.short());
        assert_eq!(shows_only(&loaded, Code::TOO_MANY_FILES), !is_good);
    }
}

#[test]
fn condition_of_a_file_affects_only_its_rules() {
    // One more file than 16 bits can number, after which the last file had the condition of the first.
    let names: Vec<String> = (0..=65_536).map(|number| format!("{number}.rules")).collect();
    let text = |number: usize| match number {
        0 => "rules v1 when namespace a\n",
        65_536 => "rules v1\nkeep quay.io/\n",
        _ => "rules v1\n",
    };
    let files = names
        .iter()
        .enumerate()
        .map(|(number, name)| (name.as_str(), text(number)));
    let loaded = load_within(files, within(10, usize::MAX));
    assert!(shows_only(&loaded, Code::TOO_MANY_FILES), "{}", loaded.short());
}

const fn within(rules: usize, files: usize) -> Limits {
    Limits { rules, files }
}

#[test]
fn set_with_too_many_pairs_of_swaps_is_rejected() {
    let mut text = "rules v1\n".to_owned();
    for number in 1..=1500 {
        writeln!(
            text,
            "swap a.example.com/*x{number}* -> a.example.com/{{1}}y{number}{{2}}"
        )
        .unwrap();
    }
    let loaded = load_text(&text);
    assert!(shows_only(&loaded, Code::UNPROVEN), "{}", loaded.short());
}

/// Pieces of lines, some of which fit together.
const PIECES: [&str; 26] = [
    "rules v1",
    "rules",
    "rul::x",
    "keep quay.io/",
    "swap",
    "docker.io::h.io",
    "\n",
    "\n",
    "\n  ",
    " ",
    "->",
    "h.io/",
    "when",
    "not",
    "label a=b",
    "{x}",
    "let x = y",
    "let x=y",
    "as x",
    "off x",
    "test nginx keep",
    "# c",
    "\"",
    "\u{a0}",
    "\u{FEFF}",
    "allow",
];

proptest! {
    #[test]
    fn text_that_does_not_load_has_a_finding(pieces in proptest::collection::vec(0..PIECES.len(), 0..12)) {
        let text: String = pieces.iter().map(|piece| PIECES[*piece]).collect();
        let loaded = load_text(&text);
        prop_assert!(loaded.set.is_some() || !loaded.errors().is_empty(), "{text:?}");
        for start in ["", "rules v1\n"] {
            let text = format!("{start}{}", pieces.iter().map(|piece| format!("{} ", PIECES[*piece])).collect::<String>());
            let loaded = load_text(&text);
            prop_assert!(loaded.set.is_some() || !loaded.errors().is_empty(), "{text:?}");
        }
    }
}

/// Returns true if the code is among the findings and no other finding is an error.
fn shows_only(loaded: &Loaded, code: Code) -> bool {
    let is_other = |severity: Severity, found: Code| severity == Severity::Error && found != code;
    loaded.findings.iter().any(|finding| finding.code == code)
        && !loaded
            .findings
            .iter()
            .any(|finding| is_other(finding.severity, finding.code))
}

/// Returns the two blocks below a heading.
fn examples_of(code: Code) -> [Example<'static>; 2] {
    let (_, entry) = PAGE.split_once(&format!("\n## {code}\n")).unwrap();
    let blocks = examples(entry.split("\n## ").next().unwrap());
    let count = blocks.len();
    blocks
        .try_into()
        .unwrap_or_else(|_| panic!("{code} has two examples, and not {count}"))
}

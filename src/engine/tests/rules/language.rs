//! The page of the language: each of its examples loads and passes its own tests, or has the finding that it shows.

use imageswap_engine::diagnostic::{Code, Severity, SourceId};
use imageswap_engine::syntax::format::format;
use imageswap_tests_support::pages::{is_there, links};

use super::examples::{Example, examples};

const PAGE: &str = include_str!("../../../../docs/language.md");

#[test]
fn each_example_loads_or_has_the_finding_that_its_fence_names() {
    let mut wrong = Vec::new();
    let mut tests = 0;
    let examples = examples(PAGE);
    for example in &examples {
        let loaded = example.load();
        let is_as_said = if example.shows.is_empty() {
            tests += loaded.tests.len();
            // A page may test an image that is kept without any rule.
            loaded
                .findings
                .iter()
                .all(|finding| finding.severity == Severity::Notice || finding.code == Code::IDLE_TEST)
        } else {
            let is_shown = |code: Code| code.as_str() == example.shows;
            loaded.findings.iter().any(|finding| is_shown(finding.code))
                && loaded.errors().iter().all(|error| is_shown(error.code))
        };
        if !is_as_said {
            wrong.push(format!(
                "docs/language.md:{} {}\n{}",
                example.line,
                example.shows,
                loaded.short()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(examples.len() >= 25, "{} examples", examples.len());
    assert!(tests >= 150, "{tests} tests");
}

#[test]
fn each_example_is_a_whole_file_that_names_what_it_shows() {
    for example in examples(PAGE) {
        let is_whole = example.text.starts_with("rules v1") || example.text.starts_with("# FILE: ");
        assert!(is_whole, "docs/language.md:{}", example.line);
        // Readers do not see the text of a fence.
        assert!(
            example.text.contains(example.shows),
            "docs/language.md:{}",
            example.line
        );
    }
}

#[test]
fn each_lint_is_in_the_table() {
    for code in Code::ALL {
        let name = code.as_str();
        if name.starts_with(|first: char| first.is_ascii_lowercase()) {
            assert!(PAGE.contains(&format!("\n| `{name}` |")), "{name}");
        }
    }
}

#[test]
fn each_link_has_a_target() {
    for link in links(PAGE) {
        assert!(is_there("docs/language.md", link), "{link}");
    }
}

#[test]
fn examples_of_the_pages_are_formatted() {
    let errors = include_str!("../../../../docs/errors.md");
    let readme = include_str!("../../../../README.md");
    let [before, _] = of_format();
    let mut otherwise = Vec::new();
    for (name, page) in [
        ("docs/language.md", PAGE),
        ("docs/errors.md", errors),
        ("README.md", readme),
    ] {
        let examples = examples(page);
        assert!(!examples.is_empty(), "{name}");
        let is_otherwise = |example: &&Example<'_>| !example.is_formatted() && example.text != before.text;
        let examples = examples.iter().filter(is_otherwise);
        otherwise.extend(examples.map(|example| format!("{name}:{}", example.line)));
    }
    assert!(otherwise.is_empty(), "{}", otherwise.join("\n"));
}

/// Returns the example of the layout: a file before and after formatting.
fn of_format() -> [Example<'static>; 2] {
    let (_, section) = PAGE.split_once("\n## Format\n").unwrap();
    let examples = examples(section.split("\n## ").next().unwrap());
    let count = examples.len();
    examples
        .try_into()
        .unwrap_or_else(|_| panic!("the section has {count} examples"))
}

#[test]
fn example_of_the_layout_is_formatted_as_shown() {
    let [before, after] = of_format();
    assert_eq!(format(SourceId::default(), before.text).unwrap(), after.text);
}

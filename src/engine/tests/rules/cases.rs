//! The cases of `grammar/valid` and `grammar/invalid`: rules files with their findings.
//!
//! A case is a file `NAME.rules`, or a directory `NAME` of files; the expected output is `NAME.out`. If the variable
//! `UPDATE_CASES` is set, the test records the outputs again: read the changes before you commit them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use imageswap_engine::compile::Limits;
use imageswap_engine::diagnostic::{Code, Diagnostic, Help, Span, Suggestion};
use imageswap_engine::rules::RuleInfo;
use imageswap_engine::suite::{Expected, Test};
use imageswap_engine::syntax::ast::Action;
use imageswap_tests_support::loaded::{Loaded, load_within};
use imageswap_tests_support::repository;

/// Low limits, so that a case of too many rules is short.
const LIMITS: Limits = Limits {
    rules: 100,
    files: 10,
};

/// Codes that no short file shows; other tests show them.
const SHOWN_ELSEWHERE: [Code; 7] = [
    Code::UNPROVEN,
    Code::SLOW,
    Code::TOO_MANY_FILES,
    // Codes about files, which the engine does not read.
    Code::NOT_UTF8,
    Code::FILE_TOO_LONG,
    Code::SECOND_MAP,
    Code::ONLY_DIRECTORIES,
];

struct Case {
    /// Its path without a suffix.
    path: PathBuf,
    /// Names and texts of its files.
    files: Vec<(String, String)>,
}

#[test]
fn valid_case_loads_with_its_recorded_findings() {
    let cases = cases("valid");
    assert!(cases.len() >= 60, "{} cases", cases.len());
    let loaded: Vec<Loaded> = cases.iter().map(|case| load_files(&case.files)).collect();
    compare(&cases, &loaded);
    for (case, loaded) in cases.iter().zip(&loaded) {
        assert!(loaded.errors().is_empty(), "{}\n{}", case.name(), loaded.short());
    }
}

#[test]
fn invalid_case_is_rejected_with_its_recorded_findings() {
    let cases = cases("invalid");
    assert!(cases.len() >= 80, "{} cases", cases.len());
    let loaded: Vec<Loaded> = cases.iter().map(|case| load_files(&case.files)).collect();
    compare(&cases, &loaded);
    for (case, loaded) in cases.iter().zip(&loaded) {
        assert!(!loaded.errors().is_empty(), "{} loads", case.name());
    }
}

#[test]
fn findings_have_the_severity_of_their_code() {
    let mut count = 0;
    for case in all_cases() {
        for finding in &load_files(&case.files).findings {
            assert_eq!(
                finding.severity,
                finding.code.severity(),
                "{}: {}",
                case.name(),
                finding.code
            );
            count += 1;
        }
    }
    assert!(count > 300, "{count} findings");
}

#[test]
fn every_code_has_a_case() {
    let shown: BTreeSet<Code> = all_cases()
        .iter()
        .flat_map(|case| load_files(&case.files).findings.to_vec())
        .map(|finding| finding.code)
        .collect();
    let missing: Vec<&Code> = Code::ALL
        .iter()
        .filter(|code| !is_of_maps(**code) && !SHOWN_ELSEWHERE.contains(code))
        .filter(|code| !shown.contains(code))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Returns true if a code is about map files, not rules.
fn is_of_maps(code: Code) -> bool {
    code.as_str().get(1..3) == Some("09")
}

#[test]
fn applied_suggestion_fixes_its_finding() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for case in all_cases() {
        let loaded = load_files(&case.files);
        for finding in &loaded.findings {
            let Some(suggestion) = &finding.suggestion else {
                continue;
            };
            count += 1;
            let fixed = load_files(&fixed(&case, &loaded, suggestion));
            let place = moved(finding.span().unwrap(), suggestion);
            if fixed.findings.iter().any(|left| is_same(finding, place, left)) {
                let line = finding.short(&loaded.sources, Help::text);
                wrong.push(format!("{}: {line}\n{}", case.name(), fixed.short()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 20, "{count} suggestions were followed");
}

fn all_cases() -> Vec<Case> {
    let mut all = cases("valid");
    all.extend(cases("invalid"));
    all
}

/// Returns the cases of a directory, by name.
fn cases(directory: &str) -> Vec<Case> {
    let root = repository::path("grammar").join(directory);
    let mut cases = Vec::new();
    for path in entries(&root) {
        let files = if path.is_dir() {
            entries(&path)
        } else if path.extension().is_some_and(|ending| ending == "rules") {
            vec![path.clone()]
        } else {
            continue;
        };
        cases.push(Case {
            path: path.with_extension(""),
            files: files.iter().map(|file| read(file)).collect(),
        });
    }
    cases
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    entries
}

fn read(file: &Path) -> (String, String) {
    let name = file.file_name().unwrap().to_str().unwrap().to_owned();
    (name, fs::read_to_string(file).unwrap())
}

fn load_files(files: &[(String, String)]) -> Loaded {
    load_within(
        files.iter().map(|(name, text)| (name.as_str(), text.as_str())),
        LIMITS,
    )
}

/// Compares outputs with the recorded ones, or records them.
fn compare(cases: &[Case], loaded: &[Loaded]) {
    let is_update = std::env::var_os("UPDATE_CASES").is_some();
    let mut wrong = Vec::new();
    for (case, loaded) in cases.iter().zip(loaded) {
        let output = output(loaded);
        let path = case.path.with_extension("out");
        if is_update {
            fs::write(&path, &output).unwrap();
        }
        match fs::read_to_string(&path) {
            Ok(recorded) if recorded == output => {}
            Ok(recorded) => wrong.push(format!("{}, recorded:\n{recorded}came:\n{output}", case.name())),
            Err(error) => wrong.push(format!("{}: {error}", path.display())),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn output(loaded: &Loaded) -> String {
    let mut lines = loaded.short();
    if !loaded.errors().is_empty() {
        return lines;
    }
    for rule in loaded.set().rules() {
        lines.push_str(&rule_line(&rule));
    }
    for test in &loaded.tests {
        lines.push_str(&test_line(test));
    }
    lines
}

fn rule_line(rule: &RuleInfo<'_>) -> String {
    let action = match rule.action {
        Action::Swap => "swap",
        Action::Keep => "keep",
        Action::Deny => "deny",
        Action::Warn => "warn",
    };
    let off = if rule.is_off { ", off" } else { "" };
    format!("rule {}: {action}{off}\n", rule.name)
}

fn test_line(test: &Test) -> String {
    let expected = match &test.expected {
        Expected::Image(image) => format!("-> {image}"),
        Expected::Keep => "keep".to_owned(),
        Expected::Deny => "deny".to_owned(),
        Expected::Warn => "warn".to_owned(),
    };
    format!("test {} {expected}\n", test.image)
}

/// Returns the files of a case after a suggestion is applied.
fn fixed(case: &Case, loaded: &Loaded, suggestion: &Suggestion) -> Vec<(String, String)> {
    let at = suggestion.span;
    let changed = loaded.sources.get(at.source).unwrap().name();
    let mut files = case.files.clone();
    for (name, text) in &mut files {
        if name == changed {
            text.replace_range(at.range(), &suggestion.replacement);
        }
    }
    files
}

/// Returns the new position of a place after a suggestion is applied.
fn moved(place: Span, suggestion: &Suggestion) -> Span {
    let at = suggestion.span;
    if place.source != at.source {
        return place;
    }
    let length = u32::try_from(suggestion.replacement.len()).unwrap();
    let shift = |offset: u32, within: u32| match () {
        () if offset >= at.end => offset - at.end + at.start + length,
        () if offset > at.start => at.start + within,
        () => offset,
    };
    Span {
        start: shift(place.start, 0),
        end: shift(place.end, length),
        ..place
    }
}

fn is_same(finding: &Diagnostic, place: Span, left: &Diagnostic) -> bool {
    let span = left.span().unwrap();
    left.code == finding.code
        && span.source == place.source
        && (place.start..=place.end).contains(&span.start)
}

impl Case {
    fn name(&self) -> String {
        self.path.file_name().unwrap().to_string_lossy().into_owned()
    }
}

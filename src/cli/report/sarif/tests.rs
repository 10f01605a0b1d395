//! Text that a code host shows for each kind of finding.

use imageswap_engine::diagnostic::{Code, Diagnostic, SourceMap, Span};

use super::Sarif;
use super::page::CodeEntry;

#[test]
fn every_code_has_a_summary_and_a_first_paragraph() {
    for code in Code::ALL {
        let summary = code.summary();
        assert!(summary.ends_with('.') && !summary.starts_with(' '), "{code}");
        let paragraph = CodeEntry::new(*code).first_paragraph();
        assert!(
            paragraph.ends_with('.') && !paragraph.contains("```"),
            "{code}: {paragraph}"
        );
    }
}

#[test]
fn entry_ends_before_the_next_one() {
    let entry = CodeEntry::new(Code::MISSING_HEADER);
    assert!(
        entry.text.starts_with("A rules file begins with"),
        "{}",
        entry.text
    );
    assert!(
        entry.text.ends_with("```") && !entry.text.contains("## "),
        "{}",
        entry.text
    );
    let last = CodeEntry::new(*Code::ALL.last().unwrap());
    assert!(!last.text.is_empty());
    assert_eq!(
        CodeEntry::new(Code::NEVER_FIRES).uri(),
        "https://github.com/imageswap/imageswap/blob/main/docs/errors.md#never-fires"
    );
}

#[test]
fn long_span_has_no_snippet_and_long_line_a_fingerprint() {
    let line = "ä".repeat(100_000);
    let mut sources = SourceMap::default();
    let source = sources.add("a.rules", line.as_str());
    let end = u32::try_from(line.len()).unwrap();
    let finding = Diagnostic::error(
        Code::SYNTAX,
        "no",
        Span {
            source,
            start: 0,
            end,
        },
    );
    let mut sarif = Sarif::new();
    sarif.add(&[finding.clone(), finding], &sources);
    let mut log = Vec::new();
    sarif.write(&mut log).unwrap();
    assert!(log.len() < 10_000, "{}", log.len());
    let log: serde_json::Value = serde_json::from_slice(&log).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let hashes: Vec<&str> = results
        .iter()
        .map(|result| result["partialFingerprints"]["lineHash/v1"].as_str().unwrap())
        .collect();
    assert_eq!(hashes[0].split(':').next(), hashes[1].split(':').next());
    assert!(
        hashes[0].ends_with(":1") && hashes[1].ends_with(":2"),
        "{hashes:?}"
    );
}

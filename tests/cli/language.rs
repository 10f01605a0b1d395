//! The page about the language: each block of rules in it is a set, and loads.
//!
//! ```` ```rules ```` holds a set of which nothing is to be said; codes behind it are all that is to be said of the set. A set
//! of several files has a line `# FILE: NAME` above each.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::run::{read, run};

/// The codes behind the fence, and the text.
fn blocks(page: &str) -> Vec<(BTreeSet<String>, String)> {
    let blocks = page.split("\n```rules").skip(1);
    blocks
        .map(|block| {
            let (codes, rest) = block.split_once('\n').unwrap();
            let (text, _) = rest.split_once("\n```").unwrap();
            let codes = codes.split_whitespace().map(str::to_owned).collect();
            (codes, format!("{text}\n"))
        })
        .collect()
}

#[test]
fn every_set_of_the_page_about_the_language_is_what_the_page_says() {
    let blocks = blocks(&read("docs/language.md"));
    assert!(blocks.len() >= 12, "{} sets", blocks.len());
    for (codes, text) in blocks {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &text);
        let line = format!("imageswap check --format json '{}'", folder.path().display());
        let ran = run(&line, ".");
        let findings = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap());
        let said: BTreeSet<String> = findings
            .map(|finding: Value| finding["code"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(said, codes, "{text}\n{}", ran.stdout);
    }
}

/// Writes the files of a set.
fn write(folder: &Path, text: &str) {
    if !text.starts_with("# FILE: ") {
        fs::write(folder.join("10.rules"), text).unwrap();
        return;
    }
    for file in format!("\n{text}").split("\n# FILE: ").skip(1) {
        let (name, text) = file.split_once('\n').unwrap();
        fs::write(folder.join(name), format!("{text}\n")).unwrap();
    }
}

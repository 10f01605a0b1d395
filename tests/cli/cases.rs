//! Cases of the language as text: for each case of `grammar/valid` and `grammar/invalid`, its `NAME.txt` has the
//! output of `check`.

use std::fs;
use std::path::PathBuf;

use imageswap_tests_support::repository;

use crate::run::{compare, run};

/// Limit that keeps the case of too many rules short, as in the engine's test of the cases.
const LIMIT: &str = "--max-rules 100";

#[test]
fn output_of_every_valid_case_is_as_recorded() {
    compare(cases("valid", 0));
}

#[test]
fn output_of_every_invalid_case_is_as_recorded() {
    compare(cases("invalid", 1));
}

/// Returns the output for each case, with the file that it is recorded in.
fn cases(folder: &str, status: i32) -> Vec<(PathBuf, String)> {
    let texts: Vec<_> = names(folder)
        .into_iter()
        .map(|name| {
            let path = format!("{folder}/{name}");
            let ran = run(&format!("imageswap check {LIMIT} {path}"), "grammar");
            assert_eq!(ran.status, status, "{path}: {}", ran.stdout);
            let recorded = repository::path("grammar").join(&path).with_extension("txt");
            (recorded, ran.stdout + &ran.stderr)
        })
        .collect();
    assert!(texts.len() >= 60, "{} cases", texts.len());
    texts
}

/// Returns the files and directories of rules.
pub(crate) fn names(folder: &str) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(repository::path("grammar").join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir() || path.extension().is_some_and(|ending| ending == "rules"))
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

//! Sessions: the exact output of each command.
//!
//! A file of `tests/cli/sessions` has the text that a user would see in the directory `tests/cli/folder`: a command
//! after `$`, its output, its messages on stderr with `! ` before each line, and its exit status after `?`. Comments
//! begin with `## `. If the variable `UPDATE_CASES` is set, the test rewrites the file from its commands and
//! comments: read the changes before you commit them.

use std::fs;

use imageswap_tests_support::repository;

use crate::run::{compare, run};

#[test]
fn every_session_is_as_recorded() {
    let mut files: Vec<_> = fs::read_dir(repository::path("tests/cli/sessions"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() >= 6);
    compare(files.into_iter().map(|path| {
        let session = replay(&fs::read_to_string(&path).unwrap());
        (path, session)
    }));
}

/// Returns the session that the commands and comments of another one produce now.
fn replay(recorded: &str) -> String {
    let mut session = String::new();
    for line in recorded.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            let ran = run(command, "tests/cli/folder");
            session.push_str(&format!("{line}\n{}", ran.stdout));
            for said in ran.stderr.lines() {
                session.push_str(&format!("! {said}\n"));
            }
            session.push_str(&format!("? {}\n\n", ran.status));
        } else if line.starts_with("## ") {
            session.push_str(&format!("{line}\n"));
        }
    }
    session
}

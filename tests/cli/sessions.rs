//! Sessions: what each command says, word for word.
//!
//! A file of `tests/cli/sessions` is what a user would see in the folder `tests/cli/folder`: a command behind `$`, its
//! result, what it says to people with `! ` before each line, and its exit status behind `?`. Comments begin with `## `.
//! With the variable `UPDATE_CASES` set it is written anew from its commands and comments: read what has changed before
//! you commit it.

use std::fs;

use imageswap_tests_support::repository;

use crate::run::{compare, run};

#[test]
fn every_command_says_what_is_recorded() {
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

/// The session that comes of the commands and comments of another.
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

//! Manual pages: each has everything that the help has.

use std::fs;
use std::process::Command;

use crate::run::{run, shell};
use crate::shells::is_wanted;

/// Returns the commands in the help of the program, and the empty name of the program itself.
pub(crate) fn commands() -> Vec<String> {
    let help = run("imageswap --help", ".").stdout;
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let (commands, _) = commands.split_once("\n\n").unwrap();
    let names = commands
        .lines()
        .filter_map(|line| line.strip_prefix("  "))
        .filter(|line| !line.starts_with(' '))
        .filter_map(|line| line.split_whitespace().next());
    let names = names.filter(|name| *name != "help").map(str::to_owned);
    std::iter::once(String::new()).chain(names).collect()
}

/// Returns the text of a page as a reader sees it.
fn plain(page: &str) -> String {
    let page = page.replace("\\fB", "").replace("\\fI", "").replace("\\fR", "");
    page.replace("\\-", "-").replace("\\*(Aq", "'")
}

/// Returns true for a date such as 2026-01-31.
fn is_date(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [4, 2, 2] && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
}

#[test]
fn every_page_has_the_sections_and_every_option_of_its_command() {
    let commands = commands();
    assert!(commands.len() >= 7, "{commands:?}");
    for command in commands {
        let ran = run(&format!("imageswap man {command}"), ".");
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{command}");
        let page = plain(&ran.stdout);
        let date = page
            .split(' ')
            .nth(page.split(' ').position(|word| word == "1").unwrap() + 1);
        assert!(date.is_some_and(is_date), "{command} {date:?}");
        for section in [
            "NAME",
            "SYNOPSIS",
            "DESCRIPTION",
            "OPTIONS",
            "\"EXIT STATUS\"",
            "ENVIRONMENT",
            "EXAMPLES",
            "\"SEE ALSO\"",
        ] {
            assert_eq!(
                page.matches(&format!("\n.SH {section}\n")).count(),
                1,
                "{command} {section}"
            );
        }
        let help = run(&format!("imageswap {command} --help"), ".").stdout;
        let (help, examples) = help.split_once("Examples:\n").unwrap();
        let options = help
            .split_whitespace()
            .map(|word| word.trim_end_matches([',', '.', ';']));
        for option in options.filter(|word| word.starts_with("--") && word.len() > 2) {
            assert!(page.contains(option), "{command} {option}");
        }
        for variable in help
            .split("[env: ")
            .skip(1)
            .filter_map(|rest| rest.split('=').next())
        {
            assert!(page.contains(variable), "{command} {variable}");
        }
        let examples = examples
            .lines()
            .filter(|line| line.starts_with("  "))
            .map(str::trim);
        for example in examples {
            assert!(page.contains(example), "{command}: {example}");
        }
    }
}

#[test]
fn option_dir_writes_all_pages() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("share/man1");
    // Twice, because existing pages are replaced.
    for _ in 0..2 {
        let ran = run(&format!("imageswap man --dir {}", path.display()), ".");
        assert_eq!((ran.status, ran.stdout + &ran.stderr), (0, String::new()));
    }
    let mut names: Vec<String> = fs::read_dir(&path)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let expected = commands().into_iter().map(|command| match command.as_str() {
        "" => "imageswap.1".to_owned(),
        command => format!("imageswap-{command}.1"),
    });
    let mut expected: Vec<String> = expected.collect();
    expected.sort();
    assert_eq!(names, expected);
    let page = fs::read_to_string(path.join("imageswap-check.1")).unwrap();
    assert_eq!(page, run("imageswap man check", ".").stdout);
}

#[test]
fn mandoc_accepts_every_page() {
    if !is_wanted() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display();
    assert!(
        shell(&format!("imageswap man --dir {path}"), ".")
            .status()
            .unwrap()
            .success()
    );
    let mut pages: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    pages.sort();
    let output = Command::new("mandoc")
        .args(["-Tlint", "-Wwarning"])
        .args(&pages)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "");
}

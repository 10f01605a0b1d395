//! The help of each command: every example in it is run.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;

use imageswap_tests_support::repository::read;

use crate::man::commands;
use crate::run::{run, shell};

/// Returns the command lines of the examples in the help of a command.
fn examples(command: &str) -> Vec<String> {
    let help = run(&format!("imageswap {command} --help"), ".").stdout;
    let (_, examples) = help.split_once("Examples:\n").unwrap();
    let lines = examples.lines().filter_map(|line| line.strip_prefix("  "));
    lines
        .filter(|line| !line.starts_with(' '))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_example_works() {
    let mut count = 0;
    // The examples of `completions` are for other shells, and have tests of their own, as those of `serve`.
    let is_here = |command: &&String| !["completions", "serve"].contains(&command.as_str());
    for command in commands().iter().filter(is_here) {
        for example in examples(command) {
            // Other tests run these examples.
            if example.contains(" serve ") || example.contains("--dir") {
                continue;
            }
            let ran = run(&example, "tests/cli/folder");
            assert_eq!(ran.status, 0, "{example}\n{}{}", ran.stdout, ran.stderr);
            assert!(!(ran.stdout + &ran.stderr).is_empty(), "{example}");
            count += 1;
        }
    }
    assert_eq!(count, 29);
}

#[test]
fn examples_that_serve_print_the_command_to_type() {
    let examples = examples("serve");
    let that_serve: Vec<&String> = examples
        .iter()
        .filter(|example| example.contains("--self-signed"))
        .collect();
    assert_eq!(that_serve.len(), 2, "{examples:?}");
    for example in that_serve {
        // Some examples name files of the repository, the others name files of the reader.
        let folder = if example.contains("docs/") {
            "."
        } else {
            "tests/cli/folder"
        };
        assert!(served(example, folder).contains("curl --insecure"), "{example}");
    }
}

#[test]
fn page_lists_every_command() {
    let page = read("docs/command-line.md");
    let listed: Vec<&str> = page
        .lines()
        .skip_while(|line| !line.starts_with("| command |"))
        .skip(2)
        .map_while(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    let commands = commands();
    assert_eq!(
        listed,
        commands
            .iter()
            .filter(|command| !command.is_empty())
            .collect::<Vec<_>>()
    );
}

#[test]
fn page_has_every_option_of_its_commands() {
    let page = read("docs/command-line.md");
    // The options of `serve` are on another page; the program itself and `completions` have no options of their own.
    let is_here = |command: &&String| !["", "completions", "serve"].contains(&command.as_str());
    for command in commands().iter().filter(is_here) {
        let help = run(&format!("imageswap {command} --help"), ".").stdout;
        let options: Vec<&str> = help
            .lines()
            .filter_map(|line| line.trim_start().strip_prefix("--"))
            .filter_map(|line| line.split(' ').next())
            .collect();
        assert!(!options.is_empty(), "{help}");
        for option in options {
            assert!(page.contains(&format!("`--{option}")), "{command} --{option}");
        }
    }
}

#[test]
fn every_format_is_in_the_page() {
    let page = read("docs/command-line.md");
    for command in ["check", "explain"] {
        let formats = run(
            &format!("imageswap __complete fish -- {command} --format ''"),
            ".",
        )
        .stdout;
        assert!(formats.lines().count() >= 3, "{formats}");
        for format in formats.lines().filter_map(|line| line.split('\t').next()) {
            assert!(
                page.contains(&format!("`--format {format}`")),
                "{command} {format}"
            );
        }
    }
}

/// Returns the output of a webhook until it prints the command to type, or ends. Uses ports that are free.
pub(crate) fn served(line: &str, folder: &str) -> String {
    let line = format!("exec {line} --listen 127.0.0.1:0 --http-listen 127.0.0.1:0");
    let mut webhook = shell(&line, folder)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    let mut stderr = BufReader::new(webhook.stderr.take().unwrap());
    while !said.contains("curl ") && stderr.read_line(&mut said).unwrap() > 0 {}
    webhook.kill().unwrap();
    webhook.wait().unwrap();
    stderr.read_to_string(&mut said).unwrap();
    said
}

//! Tests of the documentation: its commands, headings and links.

use std::fs;
use std::process::Command;

use imageswap_engine::diagnostic::Code;
use imageswap_tests_support::pages::{blocks, is_there, links};
use imageswap_tests_support::repository::{self, read};

#[test]
fn headings_of_the_errors_page_are_the_codes() {
    let page = read("docs/errors.md");
    let headings: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(headings, codes);
}

#[test]
fn help_has_every_variable_and_option_of_the_drop_in_page() {
    let page = read("docs/drop-in.md");
    let help = Command::new(env!("CARGO_BIN_EXE_imageswap"))
        .args(["serve", "--help"])
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let options = page.lines().filter_map(|line| line.strip_prefix("| `IMAGE"));
    let mut count = 0;
    for row in options {
        let (variable, option) = row.trim_end_matches("` |").split_once("` | `").unwrap();
        assert!(help.contains(&format!("IMAGE{variable}=")), "{row}");
        assert!(help.contains(option), "{row}");
        count += 1;
    }
    assert_eq!(count, 9);
    for option in [
        "--max-body-memory",
        "--max-connections",
        "--shutdown-delay",
        "--shutdown-timeout",
    ] {
        assert!(page.contains(option) && help.contains(option), "{option}");
    }
}

#[test]
fn rights_of_the_security_page_are_those_of_the_manifests() {
    let page = read("SECURITY.md");
    let (_, section) = page.split_once("\n## Rights\n").unwrap();
    let rows = section.lines().skip_while(|line| !line.starts_with("|---"));
    let rows: Vec<&str> = rows.skip(1).take_while(|line| line.starts_with('|')).collect();
    let roles = read("deploy/base/clusterrole.yaml") + &read("deploy/base/role.yaml");
    for row in &rows {
        let cells: Vec<&str> = row.split(" | ").collect();
        let name = cells[0].split('`').nth(1).unwrap();
        let rule = format!("resourceNames: [{name}]\n  verbs: [{}]\n", cells[1]);
        assert!(roles.contains(&rule), "{row}");
    }
    assert_eq!(rows.len(), roles.matches("  verbs: ").count());
}

/// Returns the source of the cluster tests, which name blocks of commands by heading and place.
fn cluster_tests() -> String {
    let files = fs::read_dir(repository::path("tests/cluster")).unwrap();
    let files = files.map(|file| file.unwrap().path());
    let sources = files.filter(|path| path.extension().is_some_and(|ending| ending == "rs"));
    sources.map(|path| fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn cluster_tests_run_every_block_of_commands_that_is_not_marked() {
    let tests = cluster_tests();
    let mut count = 0;
    for page in [
        "docs/operations.md",
        "docs/drop-in.md",
        "docs/git.md",
        "docs/troubleshooting.md",
    ] {
        let (mut heading, mut place, mut is_marked) = ("", 0, false);
        let text = read(page);
        for line in text.lines() {
            if let Some((_, title)) = line
                .split_once("# ")
                .filter(|(signs, _)| signs.trim_matches('#').is_empty())
            {
                (heading, place) = (title, 0);
            }
            if line == "```sh" {
                let block = format!("(\"{heading}\", {place})");
                assert_ne!(tests.contains(&block), is_marked, "{page}: {block}");
                place += 1;
                count += 1;
            }
            is_marked = line.starts_with("<!-- not run: ");
        }
    }
    assert!(count > 40, "{count}");
}

#[test]
fn readme_installs_by_the_commands_of_the_page() {
    let (readme, page) = (read("README.md"), read("docs/operations.md"));
    let (_, section) = readme.split_once("\n## Install\n").unwrap();
    let (section, _) = section.split_once("kind create cluster").unwrap();
    for command in &blocks(section, "sh")[..3] {
        assert!(page.contains(&format!("```sh\n{command}")), "{command}");
    }
}

#[test]
fn every_link_of_a_page_has_a_target() {
    for page in [
        "README.md",
        "SECURITY.md",
        "docs/operations.md",
        "docs/drop-in.md",
        "docs/command-line.md",
        "docs/errors.md",
        "docs/language.md",
        "docs/migration.md",
        "rules/README.md",
        "docs/git.md",
        "docs/troubleshooting.md",
        "docs/design.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
    ] {
        for link in links(&read(page)) {
            assert!(is_there(page, link), "{page} links to {link}");
        }
    }
}

//! Terminals in the pages: the test runs the commands of each block, and the output is what the page shows.
//!
//! A block ```` ```console ```` has commands after `$`, each followed by its output. If the variable `UPDATE_CASES`
//! is set, the test rewrites the output.

use imageswap_tests_support::pages::blocks;
use imageswap_tests_support::repository::{self, read};

use crate::help::served;
use crate::run::{compare, run};

#[test]
fn page_about_the_command_line_shows_current_output() {
    compare_page("docs/command-line.md", "docs/examples");
}

#[test]
fn page_about_drop_in_shows_current_output() {
    compare_page("docs/drop-in.md", "docs/examples");
}

#[test]
fn page_about_git_shows_current_output() {
    compare_page("docs/git.md", "docs/examples");
}

#[test]
fn page_about_migration_shows_current_output() {
    compare_page("docs/migration.md", "docs/examples");
}

#[test]
fn readme_shows_current_output() {
    compare_page("README.md", ".");
}

#[test]
fn cookbook_shows_current_output() {
    compare_page("rules/README.md", ".");
}

#[test]
fn readme_has_the_rules_of_its_example() {
    let readme = read("README.md");
    assert_eq!(
        blocks(&readme, "rules")[0],
        read("docs/examples/rules/10-mirror.rules")
    );
}

#[test]
fn command_of_the_readme_serves_its_rules() {
    let readme = read("README.md");
    let mut serve = readme.lines().filter(|line| line.starts_with("imageswap serve "));
    let line = serve.next().unwrap();
    assert!(line.contains("--rules docs/examples/rules/"), "{line}");
    assert!(served(line, ".").contains("curl --insecure"), "{line}");
    assert_eq!(serve.next(), None);
}

/// Returns the commands of the first block of a page that has commands only.
fn commands(page: &str) -> Vec<String> {
    let page = read(page);
    blocks(&page, "sh")[0].lines().map(str::to_owned).collect()
}

#[test]
fn commands_of_the_language_page_work() {
    let commands = commands("docs/language.md");
    let own = commands.iter().filter(|line| line.starts_with("imageswap "));
    let statuses: Vec<i32> = own.map(|line| run(line, "docs/examples").status).collect();
    assert_eq!(statuses, [0; 4]);
}

#[test]
fn commands_of_the_cookbook_work() {
    let commands = commands("rules/README.md");
    let [copy, check, serve] = commands.as_slice() else {
        panic!("{commands:?}")
    };
    let recipe = copy
        .strip_prefix("cp -r ")
        .unwrap()
        .strip_suffix(" my-rules")
        .unwrap();
    let ran = run(&check.replace("my-rules", recipe), ".");
    assert_eq!(ran.status, 0, "{}{}", ran.stdout, ran.stderr);
    let said = served(&serve.replace("my-rules", recipe), ".");
    assert!(said.contains("curl --insecure"), "{said}");
}

fn compare_page(page: &str, folder: &str) {
    let text = replay(&read(page), folder);
    compare([(repository::path(page), text)]);
}

/// Returns a page with the current output in its terminals.
fn replay(page: &str, folder: &str) -> String {
    let mut replayed = String::new();
    let mut is_terminal = false;
    let mut count = 0;
    for line in page.split_inclusive('\n') {
        if line.starts_with("```") {
            is_terminal = line == "```console\n";
        }
        let command = line.strip_prefix("$ ").filter(|_| is_terminal);
        if !is_terminal || line.starts_with("```") || command.is_some() {
            replayed.push_str(line);
        }
        if let Some(command) = command {
            let ran = run(command, folder);
            replayed.push_str((ran.stdout + &ran.stderr).trim_end());
            replayed.push('\n');
            count += 1;
        }
    }
    assert!(count > 0);
    replayed
}

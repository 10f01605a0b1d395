//! The pages whose commands are run.

use super::console::run_page;

#[test]
fn every_command_of_the_page_about_the_command_line_writes_what_stands_there() {
    assert!(run_page("docs/command-line.md", "docs/examples") >= 12);
}

#[test]
fn every_command_of_the_readme_writes_what_stands_there() {
    assert!(run_page("README.md", ".") >= 3);
}

#[test]
fn input_of_every_kind_is_told_what_it_is() {
    assert!(run_page("tests/cli/input.md", "tests/cli/files") >= 25);
}

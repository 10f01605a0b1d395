//! The pages for contributors: the data flow names what the source has.

use std::collections::BTreeSet;
use std::fs;

use imageswap_tests_structure::{Target, repository, workspace};

/// Types of the standard library that the flow names.
const OF_STD: [&str; 4] = ["Option", "Path", "Result", "String"];

fn read(path: &str) -> String {
    fs::read_to_string(repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The lines of the blocks of a page that are plain text.
fn flow(page: &str) -> Vec<String> {
    let blocks = page.split("```text\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("```").next().unwrap_or_default().lines());
    lines.map(str::to_owned).collect()
}

/// The words of a line that look like types, and its paths to functions and modules.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|character: char| !(character.is_alphanumeric() || "_:".contains(character)))
}

#[test]
fn flow_of_the_page_names_types_that_exist() {
    let types: BTreeSet<&str> = workspace()
        .modules()
        .flat_map(|(_, module)| module.types.iter().map(String::as_str))
        .collect();
    let flow = flow(&read("docs/design.md"));
    let mut count = 0;
    for line in &flow {
        // What follows two spaces after the types is a remark.
        let (from, rest) = line.split_once("──").unwrap_or_else(|| panic!("{line}"));
        let (_, to) = rest.split_once('▶').unwrap_or_else(|| panic!("{line}"));
        let to = to.trim_start().split("  ").next().unwrap_or_default();
        for name in words(from)
            .chain(words(to))
            .filter(|word| word.starts_with(char::is_uppercase))
        {
            assert!(types.contains(name) || OF_STD.contains(&name), "{name} of {line}");
            count += 1;
        }
    }
    assert!(count > 25, "{count} types in {} lines", flow.len());
}

#[test]
fn flow_of_the_page_names_paths_that_exist() {
    let workspace = workspace();
    let is_path = |word: &&str| word.contains("::") && word.starts_with(char::is_lowercase);
    let mut count = 0;
    for line in flow(&read("docs/design.md")) {
        for path in words(&line).filter(is_path) {
            let path: Vec<String> = path.split("::").map(str::to_owned).collect();
            let (root, path) = match path[0].as_str() {
                "config" | "kubernetes" | "webhook" | "cli" => ("imageswap", &path[..]),
                "files" => ("imageswap_files", &path[1..]),
                _ => ("imageswap_engine", &path[..]),
            };
            let root = workspace.crate_root(root).expect("a crate of the workspace");
            let found = workspace.resolve(root, path);
            assert!(
                matches!(found, Some(Target::Item(..) | Target::Module(_))),
                "{} of {line}",
                path.join("::")
            );
            count += 1;
        }
    }
    assert!(count >= 6, "{count} paths");
}

#[test]
fn engine_documents_the_same_flow_as_the_page() {
    let page = flow(&read("docs/design.md"));
    let text = read("src/engine/lib.rs");
    let docs: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("//! "))
        .collect();
    let of_engine = flow(&(docs.join("\n") + "\n"));
    assert!(of_engine.len() > 10, "{} lines", of_engine.len());
    for line in of_engine {
        assert!(page.contains(&line), "docs/design.md has no line {line}");
    }
}

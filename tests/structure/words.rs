//! Words that the glossary retires, and the first words of doc comments.

use std::fs;
use std::path::Path;

use fancy_regex::{Regex, RegexBuilder};

use crate::source::repository;

/// Files and directories whose words are checked.
pub const CHECKED: [&str; 16] = [
    ".ci",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.toml",
    "README.md",
    "benches",
    "deny.toml",
    "docs",
    "fuzz",
    "grammar",
    "justfile",
    "migrate",
    "rules",
    "rustfmt.toml",
    "src",
    "tests",
];

/// Files and directories that are not checked: recorded data, build results, the list, and its test.
const UNCHECKED: [&str; 9] = [
    "tests/conformance",
    "tests/cert-manager/go.sum",
    "tests/control-plane/go.sum",
    "tests/tools/go.sum",
    "tests/structure/retired-words.txt",
    "tests/structure/tests/words.rs",
    "fuzz/corpus",
    "fuzz/artifacts",
    "fuzz/target",
];

/// Texts with a retired word that are right nevertheless: names that conformance vectors use, and texts of others.
const EXCEPTIONS: [&str; 5] = [
    "always-refused",
    "ALWAYS_REFUSED",
    "AlwaysRefused",
    "connection refused",
    r#""refuse""#,
];

/// A retired word or phrase.
pub struct Retired {
    regex: Regex,
    instead: String,
}

/// A place where a file has a retired word.
#[derive(Debug, PartialEq, Eq)]
pub struct Hit {
    /// Number of the line, from 1.
    pub line: usize,
    /// Words of the file.
    pub found: String,
    /// Words that replace them.
    pub instead: String,
}

/// Returns the list of retired words.
///
/// # Panics
///
/// If a line of the list has no replacement or is not a regular expression.
pub fn retired() -> Vec<Retired> {
    let lines = include_str!("retired-words.txt").lines();
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (pattern, instead) = line
                .split_once("  ")
                .unwrap_or_else(|| panic!("no replacement in {line}"));
            let regex = RegexBuilder::new(pattern).case_insensitive(true).build();
            Retired {
                instead: instead.trim().to_owned(),
                regex: regex.unwrap_or_else(|error| panic!("{line}: {error}")),
            }
        })
        .collect()
}

/// Returns the checked files below a path of the repository, with their texts.
///
/// # Panics
///
/// If a file or directory is not readable.
pub fn files(path: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    add_files(path, &mut found);
    found
}

fn add_files(path: &str, found: &mut Vec<(String, String)>) {
    if UNCHECKED.contains(&path) {
        return;
    }
    let on_disk = repository(path);
    if on_disk.is_dir() {
        let entries = fs::read_dir(&on_disk).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut names: Vec<_> = entries
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        names.sort();
        for name in names {
            add_files(&format!("{path}/{}", name.to_string_lossy()), found);
        }
    } else {
        let bytes = fs::read(&on_disk).unwrap_or_else(|error| panic!("{path}: {error}"));
        found.push((path.to_owned(), String::from_utf8_lossy(&bytes).into_owned()));
    }
}

/// Returns the retired words of a text, in its order.
pub fn hits(path: &str, text: &str, retired: &[Retired]) -> Vec<Hit> {
    let text = EXCEPTIONS.iter().fold(without_glossary(text), |text, exception| {
        text.replace(exception, "")
    });
    let prose = Prose::new(path, &text);
    let mut hits: Vec<(usize, Hit)> = Vec::new();
    for word in retired {
        for found in word.regex.find_iter(&prose.text) {
            let found = found.expect("an expression that ends");
            let hit = Hit {
                line: prose.line(found.start()),
                found: found.as_str().to_owned(),
                instead: word.instead.clone(),
            };
            hits.push((found.start(), hit));
        }
    }
    hits.sort_by_key(|(start, _)| *start);
    hits.into_iter().map(|(_, hit)| hit).collect()
}

/// Returns a text without the rows of the glossary, which names the words that it retires. Lines keep their numbers.
fn without_glossary(text: &str) -> String {
    let mut is_glossary = false;
    let lines = text.lines().map(|line| {
        if line.starts_with('#') {
            is_glossary = line == "### Glossary";
        }
        if is_glossary { "" } else { line }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns the lines of the doc comments of Rust code that begin with one of some words.
pub fn doc_comments_beginning_with(text: &str, words: &[&str]) -> Vec<usize> {
    let mut before = "";
    let mut lines = Vec::new();
    for (line, number) in text.lines().map(str::trim_start).zip(1..) {
        let comment = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"));
        let is_first = !before.starts_with("///") && !before.starts_with("//!");
        if let Some(comment) = comment
            && is_first
            && comment
                .split_whitespace()
                .next()
                .is_some_and(|word| words.contains(&word))
        {
            lines.push(number);
        }
        before = line;
    }
    lines
}

/// A text with a space between the words of identifiers, and each paragraph on one line.
struct Prose {
    text: String,
    /// Offset of each line of the file in `text`, in bytes.
    lines: Vec<usize>,
}

impl Prose {
    fn new(path: &str, text: &str) -> Self {
        let leaders: &[&str] = match Path::new(path)
            .extension()
            .and_then(|extension| extension.to_str())
        {
            Some("rs" | "go") => &["///", "//!", "//"],
            Some("rules" | "toml" | "yaml" | "sh") => &["#"],
            _ => &[""],
        };
        let mut prose = Self {
            text: String::new(),
            lines: Vec::new(),
        };
        let mut was_prose = false;
        for line in text.lines() {
            let trimmed = line.trim_start();
            let comment = leaders
                .iter()
                .find_map(|leader| trimmed.strip_prefix(leader))
                .filter(|rest| !rest.trim().is_empty());
            prose
                .text
                .push(if was_prose && comment.is_some() { ' ' } else { '\n' });
            prose.lines.push(prose.text.len());
            prose.add(comment.map_or(trimmed, str::trim));
            was_prose = comment.is_some() || trimmed.ends_with('\\');
        }
        prose
    }

    fn add(&mut self, line: &str) {
        let mut was_lower = false;
        for character in line.chars() {
            if was_lower && character.is_uppercase() {
                self.text.push(' ');
            }
            self.text.push(if character == '_' { ' ' } else { character });
            was_lower = character.is_lowercase();
        }
    }

    /// Returns the number of the line that has a position of the text.
    fn line(&self, position: usize) -> usize {
        self.lines.partition_point(|start| *start <= position)
    }
}

//! The text of the rules file, formatted.

use std::collections::HashSet;

use imageswap_engine::diagnostic::SourceMap;
use imageswap_engine::syntax::format::format;

use crate::location::Location;
use crate::map::{OldMap, cleaned};
use crate::rule::{Constants, Kind, Rule};

/// The parts of a file other than its rules.
#[derive(Debug, Default)]
pub(crate) struct FileParts<'m> {
    /// Origin of the file, for its heading.
    pub(crate) origin: String,
    pub(crate) map: Option<&'m OldMap>,
    pub(crate) home: Vec<Location>,
    /// Tests, as statements.
    pub(crate) tests: Vec<String>,
}

/// Maximum number of prefixes in a `home` line, because a statement has at most 4,096 bytes.
const MAX_HOME_PREFIXES: usize = 10;

/// Maximum length of a comment at the end of a rule, in bytes. It counts for the length of the statement.
const MAX_BESIDE: usize = 200;

/// Writes a file, with the rules in their order.
pub(crate) fn file(rules: &[Rule], parts: &FileParts<'_>) -> String {
    let constants = Constants::new(rules);
    let mut text = String::new();
    let mut line = |line: &str| {
        text.push_str(line);
        text.push('\n');
    };
    // A name of a file can have a line break, which would end the comment.
    let origin = cleaned(&parts.origin).unwrap_or_default();
    line(&format!("# Written by `imageswap migrate` from {origin}."));
    let heading = parts.map.map(|map| map.heading.as_slice()).unwrap_or_default();
    for comment in heading {
        line(&format!("# {comment}"));
    }
    line("rules v1");
    line("");
    for (registry, name) in constants.iter() {
        line(&format!("let {name} = {registry}"));
    }
    for locations in parts.home.chunks(MAX_HOME_PREFIXES) {
        let prefixes = locations
            .iter()
            .map(|location| constants.at_start(&location.prefix()));
        line(&format!("home {}", prefixes.collect::<Vec<String>>().join(", ")));
    }
    let mut kind = None;
    let mut commented = HashSet::new();
    for rule in rules {
        if kind != Some(rule.kind) {
            line("");
            line(title(rule.kind, parts.map.is_some()));
            kind = Some(rule.kind);
        }
        let comments = parts
            .map
            .map(|map| comments(map, rule, &mut commented))
            .unwrap_or_default();
        for comment in comments.above {
            line(&format!("# {comment}"));
        }
        let statement = rule.text(&constants);
        match comments.beside {
            Some(comment) => line(&format!("{statement} # {comment}")),
            None => line(&statement),
        }
    }
    let idle = parts.map.map(|map| idle(map, rules)).unwrap_or_default();
    if !idle.is_empty() {
        line("");
        line("# Lines of the map without a rule, with their comments.");
        for comment in idle {
            line(&format!("# {comment}"));
        }
    }
    let closing = parts.map.map(|map| map.closing.as_slice()).unwrap_or_default();
    if !closing.is_empty() {
        line("");
        for comment in closing {
            line(&format!("# {comment}"));
        }
    }
    if !parts.tests.is_empty() {
        line("");
        for test in &parts.tests {
            line(test);
        }
    }
    let mut sources = SourceMap::default();
    let source = sources.add("rules", text.as_str());
    // A text that cannot be formatted has a syntax error, which the caller reports with its position.
    format(source, &text).unwrap_or(text)
}

/// Returns the title of a section.
fn title(kind: Kind, is_map: bool) -> &'static str {
    match kind {
        Kind::Exact => "# Single images, compared with the original image.",
        Kind::AtTarget => "# Images that are already at their target.",
        Kind::Glob => "# Globs, compared with the original image.",
        Kind::Registry => "# Registries.",
        Kind::Port => "# The same registries with a port: a key of the map matches any port.",
        Kind::Noswap if is_map => "# Images that contain one of these texts, of other registries.",
        Kind::Noswap => "# Images that contain the prefix.",
        Kind::Default => "# All other images.",
    }
}

#[derive(Default)]
struct Comments<'m> {
    above: Vec<&'m str>,
    beside: Option<&'m str>,
}

/// Returns the comments of the lines of a rule that no earlier rule has.
fn comments<'m>(map: &'m OldMap, rule: &Rule, commented: &mut HashSet<usize>) -> Comments<'m> {
    let mut comments = Comments::default();
    for line in rule.lines.iter().filter(|line| commented.insert(**line)) {
        let Some(line) = map.lines.get(*line) else {
            continue;
        };
        comments.above.extend(line.above.iter().map(String::as_str));
        match (&line.beside, comments.beside) {
            (Some(comment), None) if comment.len() <= MAX_BESIDE => comments.beside = Some(comment),
            (Some(comment), _) => comments.above.push(comment),
            (None, _) => {}
        }
    }
    comments
}

/// Returns the lines without a rule, with their comments. The report has those without a comment.
fn idle(map: &OldMap, rules: &[Rule]) -> Vec<String> {
    let with_rule: HashSet<usize> = rules.iter().flat_map(|rule| rule.lines.clone()).collect();
    let lines = map.lines.iter().enumerate();
    let idle = lines
        .filter(|(at, line)| !with_rule.contains(at) && (line.beside.is_some() || !line.above.is_empty()));
    idle.flat_map(|(_, line)| {
        let beside = line.beside.iter().map(|comment| format!("  # {comment}"));
        let text = format!("{}::{}{}", line.key, line.value, beside.collect::<String>());
        line.above.iter().cloned().chain([text])
    })
    .collect()
}

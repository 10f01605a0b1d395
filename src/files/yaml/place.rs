//! Positions in a text: of errors, and of the parser's events.

use std::fmt;

use saphyr_parser::Marker;

/// Position of an error in a text, and its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YamlError {
    /// Offset in bytes.
    pub offset: usize,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Message.
    pub message: String,
    /// Help, if there is one.
    pub help: Option<&'static str>,
}

impl YamlError {
    /// Returns an error at a byte of a text.
    pub(crate) fn new(text: &str, offset: usize, message: impl Into<String>) -> Self {
        let offset = text.floor_char_boundary(offset);
        let before = &text[..offset];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let on_line = before[line_start..].trim_start_matches('\u{feff}');
        let is_template = text[line_start..]
            .lines()
            .next()
            .is_some_and(|line| line.contains("{{"));
        Self {
            offset,
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: on_line.chars().count() + 1,
            message: message.into(),
            help: is_template.then_some("render the template first: `helm template` writes YAML"),
        }
    }
}

impl fmt::Display for YamlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for YamlError {}

/// Conversion from characters, which the parser counts, to bytes.
pub(super) struct Offsets<'a> {
    text: &'a str,
    /// Length of a byte order mark, which the parser does not get, in bytes.
    skipped: usize,
    /// Offset of each `STEP`th character; empty if every character is one byte.
    steps: Vec<usize>,
}

const STEP: usize = 256;

impl<'a> Offsets<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let skipped = text.len() - text.strip_prefix('\u{feff}').unwrap_or(text).len();
        let steps = if text[skipped..].is_ascii() {
            Vec::new()
        } else {
            let chars = text[skipped..].char_indices().step_by(STEP);
            chars.map(|(at, _)| at + skipped).collect()
        };
        Self { text, skipped, steps }
    }

    /// Returns the text for the parser.
    pub(super) fn body(&self) -> &'a str {
        &self.text[self.skipped..]
    }

    pub(super) fn byte(&self, at: Marker) -> usize {
        if self.steps.is_empty() {
            return (at.index() + self.skipped).min(self.text.len());
        }
        let Some(step) = self.steps.get(at.index() / STEP) else {
            return self.text.len();
        };
        let mut chars = self.text[*step..].char_indices();
        chars
            .nth(at.index() % STEP)
            .map_or(self.text.len(), |(within, _)| step + within)
    }
}

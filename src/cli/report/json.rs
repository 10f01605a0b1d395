//! Findings as JSON, one object per line. The names of the fields change only with a major version.

use std::borrow::Cow;
use std::io::{self, Write};

use imageswap_engine::diagnostic::{self, Diagnostic, Position, SourceMap, Span};
use serde::Serialize;

use crate::findings::{applicable, help_text};

/// Finding.
#[derive(Serialize)]
struct Finding<'a> {
    severity: String,
    code: &'a str,
    message: &'a str,
    /// Location of the first label.
    #[serde(flatten)]
    place: Place<'a>,
    labels: Vec<Label<'a>>,
    notes: &'a [String],
    help: Vec<Cow<'a, str>>,
    suggestion: Option<Suggestion<'a>>,
}

/// Lines and columns from 1, columns in characters; the end is after the last character.
#[derive(Default, Serialize)]
struct Place<'a> {
    file: Option<&'a str>,
    line: Option<usize>,
    column: Option<usize>,
    end_line: Option<usize>,
    end_column: Option<usize>,
}

#[derive(Serialize)]
struct Label<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    text: &'a str,
}

#[derive(Serialize)]
struct Suggestion<'a> {
    message: &'a str,
    #[serde(flatten)]
    place: Place<'a>,
    replacement: &'a str,
}

/// Writes a finding and a line break.
pub(super) fn write(stream: &mut dyn Write, finding: &Diagnostic, sources: &SourceMap) -> io::Result<()> {
    let label = |label: &diagnostic::Label| Place::new(label.span, sources);
    let labels = finding.labels.iter();
    let labels = labels
        .map(|at| Label {
            place: label(at),
            text: &at.text,
        })
        .collect();
    let mut help: Vec<Cow<'_, str>> = finding.help.iter().map(help_text).collect();
    let suggestion = finding.suggestion.as_ref().and_then(|suggestion| {
        let Some(span) = applicable(suggestion, sources) else {
            help.push(Cow::Borrowed(&suggestion.message));
            return None;
        };
        Some(Suggestion {
            message: &suggestion.message,
            place: Place::new(span, sources),
            replacement: &suggestion.replacement,
        })
    });
    let finding = Finding {
        severity: finding.severity.to_string(),
        code: finding.code.as_str(),
        message: &finding.message,
        place: finding.labels.first().map(label).unwrap_or_default(),
        labels,
        notes: &finding.notes,
        help,
        suggestion,
    };
    serde_json::to_writer(&mut *stream, &finding)?;
    writeln!(stream)
}

impl<'a> Place<'a> {
    fn new(span: Span, sources: &'a SourceMap) -> Self {
        let span = sources.resolve(span);
        let Some(source) = sources.get(span.source) else {
            return Self::default();
        };
        let Position { line, column } = source.position(span.start);
        let end = source.position(span.end);
        Self {
            file: Some(source.name()),
            line: Some(line),
            column: Some(column),
            end_line: Some(end.line),
            end_column: Some(end.column),
        }
    }
}

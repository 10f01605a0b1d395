//! Findings, written for people and for machines.

mod decision;
mod excerpt;
mod human;
mod json;
mod sarif;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io::{self, Write};

use clap::ValueEnum;
use clap::builder::PossibleValue;
use imageswap_engine::diagnostic::{Diagnostic, Severity, SourceMap, Span, Suggestion};

pub(crate) use decision::{Decided, Outcome, place_name};
pub(crate) use sarif::Sarif;

use super::words::counted;

/// In which form results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Text for people
    Human,
    /// A JSON object a line
    Json,
    /// A line of text each
    Short,
}

/// In which form the findings of a command that writes nothing else are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FindingsFormat {
    /// One by one.
    Each(Format),
    /// All together, for code hosts.
    Sarif,
}

/// How many findings of each kind there are: `3 errors, 1 warning`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) errors: usize,
    pub(super) warnings: usize,
    pub(super) notices: usize,
}

/// Writes findings in the order in which they are given. A reader that has gone away is no error.
///
/// # Errors
///
/// Where the stream takes no more for another reason.
pub(super) fn write(
    stream: &mut impl Write,
    format: Format,
    color: bool,
    findings: &[Diagnostic],
    sources: &SourceMap,
) -> io::Result<()> {
    let each = |stream: &mut dyn Write| {
        for finding in findings {
            match format {
                Format::Human => writeln!(stream, "{}\n", human::render(finding, sources, color))?,
                Format::Json => json::write(stream, finding, sources)?,
                Format::Short => writeln!(stream, "{}", finding.short(sources))?,
            }
        }
        stream.flush()
    };
    unless_closed(each(stream))
}

/// What came of writing, where it is no error that the reader has gone away.
pub(super) fn unless_closed(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Where a suggestion can be put in as it is, in the text that the reader has before them.
///
/// Nowhere, if the text is embedded in another in which it is spelled differently or would have to be.
fn applicable(suggestion: &Suggestion, sources: &SourceMap) -> Option<Span> {
    let span = sources.resolve(suggestion.span);
    let is_plain = span == suggestion.span
        || (sources.slice(span) == sources.slice(suggestion.span)
            && !suggestion.replacement.contains(['\n', '"', '\'', '\\']));
    is_plain.then_some(span)
}

impl ValueEnum for FindingsFormat {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self::Each(Format::Human),
            Self::Each(Format::Json),
            Self::Each(Format::Short),
            Self::Sarif,
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::Each(format) => format.to_possible_value(),
            Self::Sarif => Some(PossibleValue::new("sarif").help("SARIF 2.1.0, for code hosts")),
        }
    }
}

impl Counts {
    /// Counts findings.
    pub(super) fn of(findings: &[Diagnostic]) -> Self {
        let count = |severity| {
            let is_of = |finding: &&Diagnostic| finding.severity == severity;
            findings.iter().filter(is_of).count()
        };
        Self {
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            notices: count(Severity::Notice),
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [
            (self.errors, "error"),
            (self.warnings, "warning"),
            (self.notices, "notice"),
        ];
        let mut is_first = true;
        for (count, name) in counts.into_iter().filter(|(count, _)| *count > 0) {
            let comma = if is_first { "" } else { ", " };
            write!(f, "{comma}{}", counted(count, name))?;
            is_first = false;
        }
        if is_first {
            f.write_str("no findings")?;
        }
        Ok(())
    }
}

//! Findings, written one by one for people and for machines.

use std::io::{self, Write};

use imageswap_engine::diagnostic::{Diagnostic, SourceMap};

use super::format::Format;
use super::json;
use crate::findings::{self, help_text};

/// Writes findings in the given order. It is not an error if the reader has closed the stream.
///
/// # Errors
///
/// Returns an error if the stream fails for another reason.
pub(crate) fn write(
    stream: &mut impl Write,
    format: Format,
    color: bool,
    findings: &[Diagnostic],
    sources: &SourceMap,
) -> io::Result<()> {
    let each = |stream: &mut dyn Write| {
        for finding in findings {
            match format {
                Format::Human => writeln!(stream, "{}\n", findings::render(finding, sources, color))?,
                Format::Json => json::write(stream, finding, sources)?,
                Format::Short => {
                    writeln!(stream, "{}", finding.short(sources, |help| Some(help_text(help))))?
                }
            }
        }
        stream.flush()
    };
    unless_closed(each(stream))
}

/// Returns success if the error is that the reader has closed the stream.
pub(crate) fn unless_closed(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

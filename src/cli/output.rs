//! Output of the commands about rules: results go to stdout in one of several formats, messages for people to
//! stderr.

use std::ffi::OsStr;
use std::fmt;
use std::io::{self, BufWriter, StdoutLock, Write as _};

use clap::builder::{EnumValueParser, PossibleValue, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, Args, Command, ValueEnum as _};
use imageswap_engine::diagnostic::{Findings, SourceMap};
use serde::Serialize;

use super::color;
use super::error::CommandError;
use super::exit::Ended;
use super::report::{self, FindingsFormat, Format, Sarif};
use crate::findings::grouped;

#[derive(Args, Clone, Copy, Debug)]
pub(super) struct OutputOptions {
    /// Format of the result
    #[arg(long, value_parser = FormatParser, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

/// Output options of a command whose result is findings.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct FindingsOptions {
    /// Format of the result
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "human")]
    format: FindingsFormat,
}

/// Parses a [`Format`]. For `sarif` it reports which commands have that format.
#[derive(Clone, Copy, Debug)]
struct FormatParser;

/// Destination of the results of a command.
pub(super) struct Output {
    pub(super) format: Format,
    pub(super) color: bool,
    stdout: BufWriter<StdoutLock<'static>>,
    is_closed: bool,
    /// Log that collects the findings; `None` if the format is not SARIF.
    sarif: Option<Sarif>,
}

impl Output {
    pub(super) fn new(options: OutputOptions) -> Self {
        let stdout = io::stdout();
        Self {
            format: options.format,
            color: color::is_wanted(&stdout),
            stdout: BufWriter::new(stdout.lock()),
            is_closed: false,
            sarif: None,
        }
    }

    /// Returns the output of a command whose result is findings.
    pub(super) fn with_findings(options: FindingsOptions) -> Self {
        let (format, sarif) = match options.format {
            FindingsFormat::Each(format) => (format, None),
            // Messages that are not part of the log go to people, so they are text.
            FindingsFormat::Sarif => (Format::Human, Some(Sarif::new())),
        };
        Self {
            sarif,
            ..Self::new(OutputOptions { format })
        }
    }

    /// Writes findings, and the number of those that are not kept.
    pub(super) fn findings(&mut self, findings: &Findings, sources: &SourceMap) -> Result<(), CommandError> {
        match &mut self.sarif {
            Some(sarif) => sarif.add(findings, sources),
            None => report::write(&mut self.stdout, self.format, self.color, findings, sources)
                .map_err(CommandError::Result)?,
        }
        match and_more(findings) {
            Some(more) if self.format == Format::Human => self.line(more),
            // Programs read the result.
            Some(more) => self.say(&more),
            None => Ok(()),
        }
    }

    /// Writes findings to stderr, for a command whose result is not a list of findings.
    pub(super) fn say_findings(
        &mut self,
        findings: &Findings,
        sources: &SourceMap,
    ) -> Result<(), CommandError> {
        result(self.stdout.flush())?;
        let mut stderr = io::stderr();
        let color = color::is_wanted(&stderr);
        // A closed pipe is not an error.
        let _ = report::write(&mut stderr, self.format, color, findings, sources);
        and_more(findings).map_or(Ok(()), |more| self.say(&more))
    }

    /// Writes a text unchanged.
    pub(super) fn text(&mut self, text: &str) -> Result<(), CommandError> {
        result(self.stdout.write_all(text.as_bytes()))
    }

    /// Writes a line of the result. A SARIF log has no place for such a line, so it goes to stderr then.
    pub(super) fn line(&mut self, line: impl fmt::Display) -> Result<(), CommandError> {
        if self.sarif.is_some() {
            return self.say(&line.to_string());
        }
        let written = writeln!(self.stdout, "{line}");
        self.is_closed |= matches!(&written, Err(error) if error.kind() == io::ErrorKind::BrokenPipe);
        result(written)
    }

    /// Returns true if the reader has closed the stream, so that further output is useless.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Writes an object of the result.
    pub(super) fn object(&mut self, object: &impl Serialize) -> Result<(), CommandError> {
        let line = serde_json::to_string(object).map_err(|error| CommandError::Result(error.into()))?;
        self.line(line)
    }

    /// Writes a message to stderr.
    pub(super) fn say(&mut self, line: &str) -> Result<(), CommandError> {
        result(self.stdout.flush())?;
        // A closed pipe is not an error.
        let _ = writeln!(io::stderr(), "{line}");
        Ok(())
    }

    /// Reports the reason why the command cannot do its work.
    pub(super) fn fail(&mut self, reason: &str) -> Result<(), CommandError> {
        if let Some(sarif) = &mut self.sarif {
            sarif.fail(reason.to_owned());
        }
        self.say(&format!("imageswap: {reason}"))
    }

    /// Writes the rest of the result, and returns the end of the command.
    pub(super) fn end(mut self, ended: Ended) -> Result<Ended, CommandError> {
        let written = self.sarif.map_or(Ok(()), |sarif| sarif.write(&mut self.stdout));
        result(written.and_then(|()| self.stdout.flush()))?;
        Ok(ended)
    }
}

impl TypedValueParser for FormatParser {
    type Value = Format;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Format, clap::Error> {
        if value == "sarif" {
            let message =
                "`--format sarif` is only for findings: use it with `imageswap check` or `imageswap test`";
            return Err(command.clone().error(ErrorKind::InvalidValue, message));
        }
        EnumValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let formats = Format::value_variants().iter();
        Some(Box::new(formats.filter_map(Format::to_possible_value)))
    }
}

/// Returns the line about the findings that are only counted.
fn and_more(findings: &Findings) -> Option<String> {
    let more = findings.omitted();
    (more > 0).then(|| format!("and {} more", grouped(more)))
}

/// Writes a text to stdout, for a command whose result has one format only.
pub(super) fn print(text: &str) -> Result<(), CommandError> {
    result(io::stdout().write_all(text.as_bytes()))
}

/// Returns success if the reader has closed the stream.
fn result(written: io::Result<()>) -> Result<(), CommandError> {
    report::unless_closed(written).map_err(CommandError::Result)
}

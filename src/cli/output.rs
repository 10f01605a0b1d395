//! What the commands about rules have in common: results go to stdout in one of several forms, and what is for people
//! to stderr.

use std::fmt;
use std::io::{self, BufWriter, StdoutLock, Write as _};
use std::process::ExitCode;

use clap::Args;
use imageswap_engine::diagnostic::{Diagnostic, SourceMap};
use serde::Serialize;

use super::colour;
use super::report::{self, Format};

#[derive(Args, Clone, Copy, Debug)]
pub(super) struct OutputOptions {
    /// The form of the result
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

/// How a command ended: with an exit status, or with one line that says why not.
pub(super) type Ended = Result<ExitCode, CommandError>;

/// Why a command could not do its work: one line for people.
#[derive(Debug)]
pub(super) struct CommandError(String);

/// Where results go.
pub(super) struct Output {
    pub(super) format: Format,
    pub(super) colour: bool,
    stdout: BufWriter<StdoutLock<'static>>,
    is_closed: bool,
}

impl Output {
    pub(super) fn new(options: OutputOptions) -> Self {
        let stdout = io::stdout();
        let format = options.format;
        Self {
            format,
            colour: colour::is_wanted(&stdout),
            stdout: BufWriter::new(stdout.lock()),
            is_closed: false,
        }
    }

    /// Writes findings.
    pub(super) fn findings(
        &mut self,
        findings: &[Diagnostic],
        sources: &SourceMap,
    ) -> Result<(), CommandError> {
        report::write(&mut self.stdout, self.format, self.colour, findings, sources)?;
        Ok(())
    }

    /// Writes a line of the result.
    pub(super) fn line(&mut self, line: impl fmt::Display) -> Result<(), CommandError> {
        let written = writeln!(self.stdout, "{line}");
        self.is_closed |= matches!(&written, Err(error) if error.kind() == io::ErrorKind::BrokenPipe);
        report::unless_closed(written)?;
        Ok(())
    }

    /// Whether the reader has gone away, so that there is no use in going on.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Writes an object of the result.
    pub(super) fn object(&mut self, object: &impl Serialize) -> Result<(), CommandError> {
        let line = serde_json::to_string(object).map_err(io::Error::from)?;
        self.line(line)
    }

    /// Says something to people.
    pub(super) fn say(&mut self, line: &str) -> Result<(), CommandError> {
        report::unless_closed(self.stdout.flush())?;
        // A closed pipe is no error.
        let _ = writeln!(io::stderr(), "{line}");
        Ok(())
    }

    /// Nothing was found.
    pub(super) fn fine(mut self) -> Ended {
        report::unless_closed(self.stdout.flush())?;
        Ok(ExitCode::SUCCESS)
    }

    /// Something was found.
    pub(super) fn failed(mut self) -> Ended {
        report::unless_closed(self.stdout.flush())?;
        Ok(ExitCode::FAILURE)
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<io::Error> for CommandError {
    fn from(error: io::Error) -> Self {
        Self(format!("cannot write the result: {error}"))
    }
}

impl CommandError {
    pub(super) fn new(line: impl fmt::Display) -> Self {
        Self(line.to_string())
    }
}

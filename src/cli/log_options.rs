//! The options of the log.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use clap::{Args, ValueEnum as _};

use super::color;
use crate::webhook::{self, LogFormat, LogLevel, LogTone, RunningLog};

/// Variable of the format, which counts before the options are parsed too.
const FORMAT_VARIABLE: &str = "IMAGESWAP_LOG_FORMAT";
/// Option of the format.
const FORMAT_OPTION: &str = "--log-format";

/// Level and format of the log.
#[derive(Args, Debug)]
pub(super) struct LogOptions {
    /// Level of the log; the names of Python (WARNING, CRITICAL) are valid too
    #[arg(
        long,
        env = "IMAGESWAP_LOG_LEVEL",
        value_enum,
        ignore_case = true,
        default_value = "info",
        help_heading = "Log"
    )]
    pub(super) log_level: LogLevel,
    /// File with the level of the log, which the webhook reads again when it changes. Without the file, or if it is empty,
    /// --log-level applies
    #[arg(
        long,
        env = "IMAGESWAP_LOG_LEVEL_FILE",
        value_name = "FILE",
        help_heading = "Log"
    )]
    pub(super) log_level_file: Option<PathBuf>,
    /// Format of the log on stderr [default: human on a terminal, json elsewhere]
    #[arg(
        long,
        env = FORMAT_VARIABLE,
        value_enum,
        ignore_case = true,
        help_heading = "Log"
    )]
    log_format: Option<LogFormat>,
}

impl LogOptions {
    /// Returns the format.
    pub(super) fn format(&self) -> LogFormat {
        self.log_format.unwrap_or_else(default_format)
    }

    /// Starts the log.
    ///
    /// # Errors
    ///
    /// Returns an error if no thread can be started.
    pub(super) fn start(&self) -> io::Result<RunningLog> {
        let paint: Option<fn(LogTone, &str) -> String> =
            color::is_wanted(&io::stderr()).then_some(color::paint_log);
        webhook::start_logging(self.log_level, self.format(), paint)
    }
}

/// Returns the format that arguments and variable ask for, if other arguments are invalid.
pub(super) fn format_of(arguments: &[OsString]) -> LogFormat {
    let mut arguments = arguments.iter().map(|argument| argument.to_string_lossy());
    let mut given = None;
    while let Some(argument) = arguments.next() {
        if argument == FORMAT_OPTION {
            given = arguments.next().map(|value| value.into_owned());
        } else if let Some(value) = argument
            .strip_prefix(FORMAT_OPTION)
            .and_then(|rest| rest.strip_prefix('='))
        {
            given = Some(value.to_owned());
        }
    }
    let given = given.or_else(|| std::env::var(FORMAT_VARIABLE).ok());
    given
        .and_then(|format| LogFormat::from_str(&format, true).ok())
        .unwrap_or_else(default_format)
}

fn default_format() -> LogFormat {
    if io::stderr().is_terminal() {
        LogFormat::Human
    } else {
        LogFormat::Json
    }
}

//! Errors that end `imageswap serve`, as lines of its log if that is JSON.

use std::ffi::OsString;
use std::io::{self, Write as _};

use super::exit::ExitStatus;
use super::log_options::format_of;
use crate::webhook::{LogFormat, fatal_line};

/// Ends of the message of clap: they explain the program to a person at a terminal.
const ADVICE: [&str; 2] = ["\n\nUsage:", "\n\nFor more information"];

/// Returns true if the arguments are those of a webhook whose log is JSON. They may be invalid otherwise.
pub(super) fn is_json(arguments: &[OsString]) -> bool {
    arguments.get(1).is_some_and(|command| command == "serve") && format_of(arguments) == LogFormat::Json
}

/// Logs an error, and returns the exit status.
pub(super) fn log(error: &str, status: ExitStatus) -> ExitStatus {
    write(error, None, status)
}

/// Logs an error of clap, with the variable that has the invalid value, and returns the exit status.
pub(super) fn log_usage(error: &clap::Error, variable: Option<&str>) -> ExitStatus {
    let text = error.render().to_string();
    let end = ADVICE.iter().filter_map(|advice| text.find(advice)).min();
    let text = text.get(..end.unwrap_or(text.len())).unwrap_or_default();
    let lines = text.trim_start_matches("error: ").lines().map(str::trim);
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    write(&lines.join("; "), variable, ExitStatus::Usage)
}

fn write(error: &str, variable: Option<&str>, status: ExitStatus) -> ExitStatus {
    // A closed pipe is not an error.
    let _ = io::stderr().write_all(fatal_line(error, variable, status as u8).as_bytes());
    status
}

//! The log on stderr: a JSON object a line, or text for a terminal.

mod findings;
mod json;
mod limited;
mod start;
mod writer;

pub(crate) use findings::{findings, help_text};
pub(crate) use json::JsonText;
pub(crate) use limited::Limited;
pub(crate) use start::{LogFormat, LogLevel, start};
pub(crate) use writer::LogGuard;

//! The log on stderr: a JSON object a line, or text for a terminal.

mod findings;
mod human;
mod json;
mod level;
mod limited;
mod lines;
mod start;
mod writer;

pub(crate) use findings::{findings, help_text};
pub(crate) use json::{JsonText, fatal_line};
pub(crate) use level::{ALWAYS, LogLevel, SharedLevel};
pub(crate) use limited::Limited;
pub(crate) use lines::LogTone;
pub(crate) use start::{LogFormat, RunningLog, start};

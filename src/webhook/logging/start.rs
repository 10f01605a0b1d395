//! Start of the log: its level, its format, and the message of a panic.

use std::io;
use std::panic;
use std::thread;

use clap::ValueEnum;
use tracing_subscriber::Layer as _;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::human::{HumanLayer, dropped_lines_for_people};
use super::json::{JsonLayer, dropped_lines_as_json};
use super::level::{ALWAYS, LogLevel, SharedLevel};
use super::lines::Paint;
use super::writer::{LogGuard, LogWriter};

/// Format of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Text for people
    Human,
    /// A JSON object a line
    Json,
}

/// The log, which ends when it is dropped.
#[derive(Debug)]
pub(crate) struct RunningLog {
    guard: LogGuard,
    level: SharedLevel,
}

/// Starts the log. `paint` colors the words of the format for people.
///
/// # Errors
///
/// Returns an error if no thread can be started.
pub(crate) fn start(level: LogLevel, format: LogFormat, paint: Option<Paint>) -> io::Result<RunningLog> {
    let about_dropped = match format {
        LogFormat::Json => dropped_lines_as_json,
        LogFormat::Human => dropped_lines_for_people,
    };
    let (writer, guard) = LogWriter::start(io::stderr(), about_dropped)?;
    let layer = match format {
        LogFormat::Json => JsonLayer(writer).boxed(),
        LogFormat::Human => HumanLayer { writer, paint }.boxed(),
    };
    let level = SharedLevel::new(level);
    tracing_subscriber::registry()
        .with(layer)
        .with(level.clone())
        .init();
    log_panics(level.clone());
    Ok(RunningLog { guard, level })
}

impl RunningLog {
    /// Returns the level, which may change.
    pub(crate) fn level(&self) -> &SharedLevel {
        &self.level
    }

    /// Returns a function that returns the number of lines that were dropped since the start.
    pub(crate) fn dropped_lines(&self) -> impl Fn() -> u64 + Send + Sync + 'static {
        self.guard.dropped_lines()
    }
}

/// Logs panics. The code that catches the panic of a request does not log its message.
fn log_panics(level: SharedLevel) {
    panic::set_hook(Box::new(move |panic| {
        let payload = panic.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let text = text.unwrap_or("(no message)");
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        if thread::current().name() == Some("main") {
            // It ends the process.
            level.always(|| tracing::error!(target: ALWAYS, location, "panic: {text}"));
        } else {
            tracing::error!(location, "panic: {text}");
        }
    }));
}

//! Start of the log: its level, its format, and the message of a panic.

use std::io;
use std::panic;

use clap::ValueEnum;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

use super::json::JsonLayer;
use super::writer::{LogGuard, LogWriter};

/// Level of the log. Python's names of levels are aliases.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogLevel {
    #[value(alias = "none")]
    Off,
    #[value(alias = "critical", alias = "fatal")]
    Error,
    #[value(alias = "warning")]
    Warn,
    Info,
    Debug,
    #[value(alias = "notset")]
    Trace,
}

/// Format of the log.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogFormat {
    /// Text for people
    Human,
    /// A JSON object a line
    Json,
}

/// Starts the log, which ends when the guard is dropped.
///
/// # Errors
///
/// Returns an error if no thread can be started.
pub(crate) fn start(level: LogLevel, format: LogFormat, color: bool) -> io::Result<LogGuard> {
    let (writer, guard) = LogWriter::start(io::stderr())?;
    let level = LevelFilter::from(level);
    // Libraries log at their own levels: below `debug` only their warnings matter to you.
    let others = if level >= LevelFilter::DEBUG {
        level
    } else {
        level.min(LevelFilter::WARN)
    };
    let filter = Targets::new()
        .with_default(others)
        .with_target("imageswap", level)
        // The client of the API server logs whole answers that it cannot parse, and an answer may be the Secret with the
        // keys. The tasks that use it report its errors, once and with what to do.
        .with_target("kube", LevelFilter::OFF);
    let layer = match format {
        LogFormat::Json => JsonLayer(writer).boxed(),
        LogFormat::Human => fmt::layer()
            .with_ansi(color)
            .with_target(false)
            .with_writer(move || writer.clone())
            .boxed(),
    };
    tracing_subscriber::registry().with(layer).with(filter).init();
    // The code that catches the panic of a request does not log its message.
    panic::set_hook(Box::new(|panic| {
        let payload = panic.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(location, "panic: {}", text.unwrap_or("(no message)"));
    }));
    Ok(guard)
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Off => Self::OFF,
            LogLevel::Error => Self::ERROR,
            LogLevel::Warn => Self::WARN,
            LogLevel::Info => Self::INFO,
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Trace => Self::TRACE,
        }
    }
}

//! The level of the log, which can change while the process runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::ValueEnum;
use imageswap_engine::label;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Metadata, Subscriber, callsite};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// Level of the log. Python's names of levels are aliases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
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

label!(LogLevel {
    Off => "off",
    Error => "error",
    Warn => "warn",
    Info => "info",
    Debug => "debug",
    Trace => "trace",
});

/// Target of events that are logged at every level, by [`SharedLevel::always`].
pub(crate) const ALWAYS: &str = "imageswap::always";

/// The level of the log, and the filter by it.
///
/// The answer about a callsite is cached until the level changes, so a disabled event costs a comparison.
#[derive(Clone, Debug)]
pub(crate) struct SharedLevel(Arc<LevelState>);

#[derive(Debug)]
struct LevelState {
    /// Position in [`LogLevel::ALL`].
    level: AtomicUsize,
    /// Number of calls of [`SharedLevel::always`] that have not returned.
    always: AtomicUsize,
}

impl SharedLevel {
    pub(super) fn new(level: LogLevel) -> Self {
        Self(Arc::new(LevelState {
            level: AtomicUsize::new(level as usize),
            always: AtomicUsize::new(0),
        }))
    }

    /// Returns the level.
    pub(crate) fn get(&self) -> LogLevel {
        let position = self.0.level.load(Ordering::Relaxed);
        LogLevel::ALL.get(position).copied().unwrap_or(LogLevel::Info)
    }

    /// Changes the level, for all events that follow.
    pub(crate) fn set(&self, level: LogLevel) {
        self.0.level.store(level as usize, Ordering::Relaxed);
        callsite::rebuild_interest_cache();
    }

    /// Runs a function whose events with the target [`ALWAYS`] are logged at every level, even `off`.
    pub(crate) fn always(&self, log: impl FnOnce()) {
        self.0.always.fetch_add(1, Ordering::Relaxed);
        callsite::rebuild_interest_cache();
        log();
        self.0.always.fetch_sub(1, Ordering::Relaxed);
        callsite::rebuild_interest_cache();
    }

    fn is_always(&self) -> bool {
        self.0.always.load(Ordering::Relaxed) > 0
    }

    /// Returns the most detailed level that is logged for a target.
    fn of_target(&self, target: &str) -> LevelFilter {
        let level = LevelFilter::from(self.get());
        if target == ALWAYS {
            if self.is_always() {
                LevelFilter::INFO
            } else {
                LevelFilter::OFF
            }
        } else if target.starts_with("imageswap") {
            level
        } else if target.starts_with("kube") {
            // The client of the API server logs whole answers that it cannot parse, and an answer may be the Secret with
            // the keys. The tasks that use it report its errors, once and with what to do.
            LevelFilter::OFF
        } else if level >= LevelFilter::DEBUG {
            level
        } else {
            // Libraries log at their own levels: below `debug` only their warnings matter to you.
            level.min(LevelFilter::WARN)
        }
    }

    fn is_enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.of_target(metadata.target())
    }
}

/// A filter of all layers.
impl<S: Subscriber> Layer<S> for SharedLevel {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.is_enabled(metadata) {
            Interest::always()
        } else {
            Interest::never()
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.is_enabled(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        let level = LevelFilter::from(self.get());
        Some(if self.is_always() {
            level.max(LevelFilter::INFO)
        } else {
            level
        })
    }
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tracing::Event;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    /// Records the targets of events.
    struct Recorded(Arc<Mutex<Vec<String>>>);

    impl<S: Subscriber> Layer<S> for Recorded {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            let metadata = event.metadata();
            let text = format!("{} {}", metadata.target(), metadata.level());
            self.0.lock().unwrap().push(text);
        }
    }

    #[test]
    fn level_filters_by_target_and_may_change_at_any_time() {
        let recorded = Arc::default();
        let level = SharedLevel::new(LogLevel::Off);
        let subscriber = tracing_subscriber::registry()
            .with(Recorded(Arc::clone(&recorded)))
            .with(level.clone());
        let log = || {
            tracing::error!(target: "imageswap::a", "x");
            tracing::info!(target: "imageswap::a", "x");
            tracing::debug!(target: "imageswap::a", "x");
            tracing::warn!(target: "library", "x");
            tracing::info!(target: "library", "x");
            tracing::debug!(target: "library", "x");
            tracing::error!(target: "kube_client::client", "x");
            tracing::info!(target: ALWAYS, "x");
            std::mem::take(&mut *recorded.lock().unwrap()).join(", ")
        };
        tracing::subscriber::with_default(subscriber, || {
            assert_eq!(log(), "");
            let mut logged = String::new();
            level.always(|| logged = log());
            assert_eq!((logged.as_str(), log().as_str()), ("imageswap::always INFO", ""));
            level.set(LogLevel::Info);
            let info = "imageswap::a ERROR, imageswap::a INFO, library WARN";
            assert_eq!(log(), info);
            level.set(LogLevel::Error);
            assert_eq!(log(), "imageswap::a ERROR");
            level.set(LogLevel::Debug);
            assert_eq!(
                log(),
                "imageswap::a ERROR, imageswap::a INFO, imageswap::a DEBUG, library WARN, library INFO, library DEBUG"
            );
        });
    }
}

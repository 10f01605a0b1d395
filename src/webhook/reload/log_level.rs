//! Reloads of the level of the log from its file.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum as _;
use imageswap_engine::diagnostic::visible;
use imageswap_files::{MAX_READ, MayBeGone as _, ReadError, read};
use sha2::{Digest as _, Sha256};
use tokio::sync;

use super::reading::Reading;
use super::watch::{Reload, watch};
use crate::config::Digest;
use crate::webhook::logging::{ALWAYS, LogLevel, SharedLevel};
use crate::webhook::os;
use crate::webhook::status::{Reloaded, Status};

/// Maximum size of the file, in bytes: one word, with room for white space.
const MAX_SIZE: u64 = 4 << 10;
/// Maximum length of a word in a message, in characters.
const MAX_WORD: usize = 40;

/// The level of the log, and the file that changes it.
#[derive(Debug)]
pub(crate) struct LevelFile {
    path: PathBuf,
    level: SharedLevel,
    /// Level without the file, or if it is empty.
    default: LogLevel,
    status: Arc<Status>,
}

/// The reason why the file has no level.
enum LevelError {
    Read(ReadError),
    Unknown {
        path: PathBuf,
        line: usize,
        text: String,
    },
    Further {
        path: PathBuf,
        line: usize,
        text: String,
    },
}

impl LevelFile {
    /// Reads the file for the first time. An error ends nothing: the level is that of the option.
    pub(crate) async fn start(path: PathBuf, level: SharedLevel, status: &Arc<Status>) -> Arc<Self> {
        let file = Arc::new(Self {
            path,
            default: level.get(),
            level,
            status: Arc::clone(status),
        });
        let first = Arc::clone(&file);
        if os::unblock_within(MAX_READ, move || first.read_first())
            .await
            .is_none()
        {
            file.status.started(Reloaded::LogLevel, digest(file.default));
            file.report_stuck();
        }
        file
    }

    fn read_first(&self) {
        let first = level_of(&self.path);
        let level = first.as_ref().ok().copied().flatten().unwrap_or(self.default);
        self.level.set(level);
        self.status.started(Reloaded::LogLevel, digest(level));
        if let Err(error) = first {
            self.reject(&error.to_string());
        }
    }

    /// Reads the file again when it changes. Never returns.
    pub(crate) async fn follow(self: Arc<Self>, asked: sync::watch::Receiver<()>) {
        let dir = match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        let files = self.path.file_name().map(|name| vec![name.to_owned()]);
        watch(dir, files, self, asked).await;
    }

    /// Applies the level of the file.
    fn update(&self) {
        match level_of(&self.path) {
            Ok(level) => self.apply(level.unwrap_or(self.default)),
            Err(error) => self.reject(&error.to_string()),
        }
    }

    fn apply(&self, level: LogLevel) {
        let from = self.level.get();
        let what = Reloaded::LogLevel.as_str();
        if level != from {
            self.status.replaced(Reloaded::LogLevel, digest(level));
            self.level.set(level);
            // You ask for it, so you see it even if the new level is `off`.
            self.level.always(|| {
                tracing::info!(
                    target: ALWAYS,
                    what,
                    from = from.as_str(),
                    to = level.as_str(),
                    file = %self.path.display(),
                    "log level changed"
                );
            });
        } else if self.status.unchanged(Reloaded::LogLevel) {
            tracing::info!(what, level = level.as_str(), "reload failure resolved");
        }
    }

    fn reject(&self, error: &str) {
        if self.status.failed(Reloaded::LogLevel, error, None) {
            let active = self.level.get().as_str();
            tracing::warn!(what = Reloaded::LogLevel.as_str(), error, active, "reload failed");
        }
    }
}

impl Reload for LevelFile {
    fn reload(&self, reading: &Reading) {
        self.update();
        reading.ends();
    }

    fn report_stuck(&self) {
        self.reject(&ReadError::no_answer(self.path.display()).to_string());
    }
}

/// Returns the level in a file; `None` if there is no file, or nothing in it.
fn level_of(path: &Path) -> Result<Option<LogLevel>, LevelError> {
    let text = match read(path, MAX_SIZE) {
        Ok(text) => text,
        Err(error) if error.is_gone() => return Ok(None),
        Err(error) => return Err(LevelError::Read(error)),
    };
    let mut words = text
        .lines()
        .zip(1..)
        .flat_map(|(text, line)| text.split_whitespace().map(move |word| (word, line)));
    let Some((word, line)) = words.next() else {
        return Ok(None);
    };
    let Ok(level) = LogLevel::from_str(word, true) else {
        let (path, text) = (path.to_owned(), shown(word));
        return Err(LevelError::Unknown { path, line, text });
    };
    match words.next() {
        None => Ok(Some(level)),
        Some((further, line)) => {
            let (path, text) = (path.to_owned(), shown(further));
            Err(LevelError::Further { path, line, text })
        }
    }
}

/// Returns the start of a word, without control characters.
fn shown(word: &str) -> String {
    let start: String = word.chars().take(MAX_WORD).collect();
    let more = if start.len() < word.len() { "..." } else { "" };
    format!("{}{more}", visible(&start))
}

/// Returns the digest of a level, as its version.
fn digest(level: LogLevel) -> Digest {
    Digest::new(Sha256::new_with_prefix(level.as_str()))
}

impl fmt::Display for LevelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let levels = LogLevel::ALL.map(LogLevel::as_str).join(", ");
        match self {
            Self::Read(error) => error.fmt(f),
            Self::Unknown { path, line, text } => {
                let path = path.display();
                write!(
                    f,
                    "{path}:{line}: unknown log level `{text}`; use one of {levels}"
                )
            }
            Self::Further { path, line, text } => {
                let path = path.display();
                write!(
                    f,
                    "{path}:{line}: unexpected `{text}` after the log level; write one of {levels}, and nothing else"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn level(text: impl AsRef<[u8]>) -> Result<Option<LogLevel>, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log-level");
        fs::write(&path, text).unwrap();
        let directory = directory.path().to_str().unwrap().to_owned() + "/";
        level_of(&path).map_err(|error| error.to_string().replace(&directory, ""))
    }

    #[test]
    fn file_has_one_word_of_the_option() {
        for (text, expected) in [
            ("debug", LogLevel::Debug),
            ("  DEBUG\n\n", LogLevel::Debug),
            ("\n\nWarning\r\n", LogLevel::Warn),
            ("off\n", LogLevel::Off),
        ] {
            assert_eq!(level(text), Ok(Some(expected)), "{text:?}");
        }
        for text in ["", " \n\t\n"] {
            assert_eq!(level(text), Ok(None));
        }
        assert!(matches!(level_of(Path::new("/missing/log-level")), Ok(None)));
    }

    #[test]
    fn error_has_file_and_line_and_the_words_to_use() {
        let levels = "off, error, warn, info, debug, trace";
        assert_eq!(
            level("\nloud\n"),
            Err(format!(
                "log-level:2: unknown log level `loud`; use one of {levels}"
            ))
        );
        assert_eq!(
            level("info\n\nwarn\n"),
            Err(format!(
                "log-level:3: unexpected `warn` after the log level; write one of {levels}, and nothing else"
            ))
        );
        assert_eq!(
            level("\u{1b}[2Jx".to_owned() + &"y".repeat(100)),
            Err(format!(
                "log-level:1: unknown log level `\\u{{1b}}[2Jx{}...`; use one of {levels}",
                "y".repeat(35)
            ))
        );
        assert_eq!(
            level([0xff]),
            Err("cannot read log-level: line 1 is not UTF-8; save it as UTF-8".to_owned())
        );
        assert_eq!(
            level(vec![b' '; 5000]),
            Err("cannot read log-level: it is longer than 4 KiB".to_owned())
        );
    }
}

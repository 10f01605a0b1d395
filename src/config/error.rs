//! Errors of reading the texts of a set.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use imageswap_engine::diagnostic::Code;
use imageswap_files::{self as files, MayBeGone, NotText, ReadReason, YamlError};

/// Error of a file of a set, in one line.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// It cannot be read.
    File(files::ReadError),
    /// A second map.
    SecondMap { name: String, first: String },
    /// It is not YAML, or a value in it is invalid.
    Yaml { name: String, error: YamlError },
    /// It is YAML without a ConfigMap.
    NoConfigMap { name: String },
    /// It is a directory that has directories instead of rules.
    OnlyDirectories { name: String, directories: Vec<PathBuf> },
}

impl ReadError {
    /// Returns the message without its help.
    pub(super) fn message(&self) -> String {
        match self {
            Self::File(error) => match error.reason {
                ReadReason::TooLong(_) => format!("{error}; raise --max-file-size"),
                _ => error.to_string(),
            },
            Self::SecondMap { name, first } => format!(
                "{name} is a second map file in addition to {first}: a set has at most one; move its lines into the \
                 first, or write them as rules"
            ),
            Self::Yaml { name, error } => format!("cannot read {name}: {error}"),
            Self::NoConfigMap { name } => format!("{name} has no ConfigMap, so it has no rules"),
            Self::OnlyDirectories { name, .. } => {
                format!("{name} has no rules, and the directories in it are not read")
            }
        }
    }

    /// Returns the help, if there is one.
    pub(super) fn help(&self) -> Option<String> {
        /// Maximum number of directories in a message: nobody copies more.
        const SHOWN: usize = 4;
        match self {
            Self::File(_) | Self::SecondMap { .. } | Self::NoConfigMap { .. } => None,
            Self::Yaml { error, .. } => error.help.map(str::to_owned),
            Self::OnlyDirectories { directories, .. } => {
                let shown: Vec<String> = directories
                    .iter()
                    .take(SHOWN)
                    .map(|directory| format!("`{}`", directory.display()))
                    .collect();
                let more = match directories.len().saturating_sub(SHOWN) {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                Some(format!(
                    "name each directory, in order: {}{more}",
                    shown.join(" ")
                ))
            }
        }
    }

    /// Returns the code and the line if the text itself is at fault: it is reported with the findings of the other
    /// texts. `None` if there is no text.
    pub(super) fn fault_of_text(&self) -> Option<(Code, usize)> {
        match self {
            Self::File(error) => match error.reason {
                ReadReason::NotText(NotText::NotUtf8 { line }) => Some((Code::NOT_UTF8, line)),
                ReadReason::NotText(NotText::Utf16) => Some((Code::NOT_UTF8, 1)),
                ReadReason::TooLong(_) => Some((Code::FILE_TOO_LONG, 1)),
                ReadReason::Io(_) | ReadReason::Directory | ReadReason::NotRegular | ReadReason::NoAnswer => {
                    None
                }
            },
            Self::SecondMap { .. } => Some((Code::SECOND_MAP, 1)),
            Self::OnlyDirectories { .. } => Some((Code::ONLY_DIRECTORIES, 1)),
            Self::Yaml { .. } | Self::NoConfigMap { .. } => None,
        }
    }

    /// Returns the error of a path that cannot be read.
    pub(super) fn io(path: &Path, error: io::Error) -> Self {
        Self::File(files::ReadError::new(
            path.display().to_string(),
            ReadReason::Io(error),
        ))
    }

    /// Returns the error of a file that is too long for its kind.
    pub(super) fn too_long(path: &Path, limit: u64) -> Self {
        Self::File(files::ReadError::new(
            path.display().to_string(),
            ReadReason::TooLong(limit),
        ))
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())?;
        match self.help() {
            Some(help) => write!(f, "; help: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ReadError {}

impl From<files::ReadError> for ReadError {
    fn from(error: files::ReadError) -> Self {
        Self::File(error)
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::File(error.into())
    }
}

impl MayBeGone for ReadError {
    fn is_gone(&self) -> bool {
        matches!(self, Self::File(error) if error.is_gone())
    }
}

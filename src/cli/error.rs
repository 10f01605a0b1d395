//! Errors that end a command before its work is done.

use std::fmt;
use std::io;
use std::path::PathBuf;

use imageswap_engine::admission::ReviewError;
use imageswap_engine::compile::ConstantError;
use imageswap_files::{ReadError, YamlError};

use super::exit::{ExitStatus, UsageError};
use crate::kubernetes::InitError;
use crate::webhook::ServeError;

/// Error of a command: one line for people.
#[derive(Debug)]
pub(crate) enum CommandError {
    Usage(UsageError),
    Serve(ServeError),
    /// A file that is named cannot be read.
    Read(ReadError),
    /// Stdin cannot be read.
    Stdin(io::Error),
    /// A line of stdin is not text.
    StdinNotUtf8 {
        line: usize,
    },
    /// A line of stdin has a constant that the rules do not define.
    StdinConstant {
        line: usize,
        error: ConstantError,
    },
    /// A file is not valid YAML.
    Yaml {
        file: String,
        error: YamlError,
    },
    /// A file is not an admission review.
    Review {
        file: String,
        error: ReviewError,
    },
    /// An object of a file cannot be evaluated.
    Object {
        file: String,
        error: ReviewError,
    },
    /// The result cannot be written to stdout.
    Result(io::Error),
    /// A file cannot be written.
    Write {
        path: PathBuf,
        error: io::Error,
    },
    /// The init container of imageswap-webhook fails.
    Init(InitError),
    /// `migrate` has no rules to write.
    Migrate(String),
}

impl CommandError {
    /// Returns the exit status of a process that ends with the error.
    pub(crate) fn status(&self) -> ExitStatus {
        match self {
            Self::Usage(_) => ExitStatus::Usage,
            Self::Serve(_)
            | Self::Read(_)
            | Self::Stdin(_)
            | Self::StdinNotUtf8 { .. }
            | Self::StdinConstant { .. }
            | Self::Yaml { .. }
            | Self::Review { .. }
            | Self::Object { .. }
            | Self::Result(_)
            | Self::Write { .. }
            | Self::Init(_)
            | Self::Migrate(_) => ExitStatus::Failure,
        }
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(error) => error.fmt(f),
            Self::Serve(error) => error.fmt(f),
            Self::Read(error) => error.fmt(f),
            Self::Stdin(error) => write!(f, "cannot read stdin: {error}"),
            Self::StdinNotUtf8 { line } => write!(f, "cannot read stdin: line {line} is not UTF-8"),
            Self::StdinConstant { line, error } => write!(f, "stdin: line {line}: {error}"),
            Self::Yaml { file, error } => write!(f, "{file}: {error}"),
            Self::Review { file, error } => write!(f, "{file} is not an admission review: {error}"),
            Self::Object { file, error } => write!(f, "{file}: {error}"),
            Self::Result(error) => write!(f, "cannot write the result: {error}"),
            Self::Write { path, error } => write!(f, "cannot write {}: {error}", path.display()),
            Self::Init(error) => error.fmt(f),
            Self::Migrate(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for CommandError {}

impl From<UsageError> for CommandError {
    fn from(error: UsageError) -> Self {
        Self::Usage(error)
    }
}

impl From<ServeError> for CommandError {
    fn from(error: ServeError) -> Self {
        Self::Serve(error)
    }
}

impl From<ReadError> for CommandError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

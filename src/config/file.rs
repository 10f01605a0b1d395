//! Reading one text, with a limit.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use imageswap_engine::diagnostic::Code;
use imageswap_migrate::read::NotText;
use imageswap_files::YamlError;

use super::volume::MayBeGone;

/// Why a file is of no use: one line.
#[derive(Debug)]
pub(crate) struct ReadError {
    path: PathBuf,
    reason: Reason,
}

#[derive(Debug)]
enum Reason {
    Io(io::Error),
    Folder,
    Special,
    TooLong { limit: u64 },
    NotText(NotText),
    SecondMap { first: String },
    Yaml(String),
    NoConfigMap,
    OnlyFolders { folders: Vec<PathBuf> },
}

/// Reads a file of text.
pub(super) fn read(path: &Path, limit: u64) -> Result<String, ReadError> {
    let fail = |reason| ReadError {
        path: path.to_owned(),
        reason,
    };
    text(read_bytes(path, limit).map_err(fail)?).map_err(fail)
}

fn text(bytes: Vec<u8>) -> Result<String, Reason> {
    imageswap_migrate::read::text(bytes).map_err(Reason::NotText)
}

fn read_bytes(path: &Path, limit: u64) -> Result<Vec<u8>, Reason> {
    // Before it is opened, which would wait for the other end of a pipe. And a pipe can be read once only.
    let metadata = fs::metadata(path).map_err(Reason::Io)?;
    if metadata.is_dir() {
        return Err(Reason::Folder);
    }
    if !metadata.is_file() {
        return Err(Reason::Special);
    }
    let file = File::open(path).map_err(Reason::Io)?;
    if metadata.len() > limit {
        return Err(Reason::TooLong { limit });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default());
    // The file may grow while it is read.
    let read = file.take(limit + 1).read_to_end(&mut bytes).map_err(Reason::Io)?;
    match u64::try_from(read) {
        Ok(read) if read <= limit => Ok(bytes),
        _ => Err(Reason::TooLong { limit }),
    }
}

/// Reads what stdin gives.
pub(super) fn read_stdin(limit: u64) -> Result<String, ReadError> {
    read_to_end(Path::new("stdin"), io::stdin().lock(), limit)
}

/// Whether a path is one of those that a shell puts in the place of `<(...)`.
pub(super) fn is_of_a_shell(path: &Path) -> bool {
    ["/dev/fd", "/proc/self/fd"]
        .iter()
        .any(|folder| path.starts_with(folder))
}

/// Whether there is a pipe at such a path. It is open already, so that to read it waits for nobody to open it.
pub(super) fn is_pipe_of_a_shell(path: &Path) -> bool {
    is_of_a_shell(path) && fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo())
}

/// Reads a pipe.
pub(super) fn read_pipe(path: &Path, limit: u64) -> Result<String, ReadError> {
    let pipe = File::open(path).map_err(|error| ReadError::io(path, error))?;
    read_to_end(path, pipe, limit)
}

fn read_to_end(path: &Path, stream: impl io::Read, limit: u64) -> Result<String, ReadError> {
    let fail = |reason| ReadError {
        path: path.to_owned(),
        reason,
    };
    let mut bytes = Vec::new();
    let read = stream
        .take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| fail(Reason::Io(error)))?;
    if u64::try_from(read).is_ok_and(|read| read > limit) {
        return Err(fail(Reason::TooLong { limit }));
    }
    text(bytes).map_err(fail)
}

/// The folder that a file is in.
pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
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

impl ReadError {
    /// What is wrong, without the line of help.
    pub(super) fn message(&self) -> String {
        let path = self.path.display();
        match &self.reason {
            Reason::Io(error) => format!("cannot read {path}: {error}"),
            Reason::Folder => format!("cannot read {path}: it is a directory, and a file is wanted"),
            Reason::Special => format!("cannot read {path}: it is no regular file"),
            Reason::TooLong { limit } => format!(
                "cannot read {path}: it is longer than {} MiB; --max-file-size allows more",
                limit >> 20
            ),
            Reason::SecondMap { first } => format!(
                "{path} is a second map file beside {first}: a set has one at most; write its lines into the first, or \
                 as rules"
            ),
            Reason::Yaml(error) => format!("cannot read {path}: {error}"),
            Reason::NoConfigMap => format!("{path} holds no ConfigMap, so there are no rules in it"),
            Reason::OnlyFolders { .. } => {
                format!("{path} holds no rules, and the directories in it are not read")
            }
            Reason::NotText(error) => format!("cannot read {path}: {error}"),
        }
    }

    /// The way out, where it is a line of its own.
    pub(super) fn help(&self) -> Option<String> {
        /// Whoever has more of them does not copy them from a message.
        const SHOWN: usize = 4;
        let Reason::OnlyFolders { folders } = &self.reason else {
            return None;
        };
        let shown: Vec<String> = folders
            .iter()
            .take(SHOWN)
            .map(|folder| format!("`{}`", folder.display()))
            .collect();
        let more = match folders.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Some(format!(
            "give them by themselves, in their order: {}{more}",
            shown.join(" ")
        ))
    }

    /// The code of what is wrong with the text itself, and the line: it is told of with all else that is wrong. None
    /// where there is no text.
    pub(super) fn fault_of_text(&self) -> Option<(Code, usize)> {
        match &self.reason {
            Reason::NotText(NotText::NotUtf8 { line }) => Some((Code::NOT_UTF8, *line)),
            Reason::NotText(NotText::Utf16) => Some((Code::NOT_UTF8, 1)),
            Reason::TooLong { .. } => Some((Code::FILE_TOO_LONG, 1)),
            Reason::SecondMap { .. } => Some((Code::SECOND_MAP, 1)),
            Reason::OnlyFolders { .. } => Some((Code::ONLY_DIRECTORIES, 1)),
            _ => None,
        }
    }

    /// The same of a file that has another name for people.
    pub(super) fn called(self, path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            ..self
        }
    }

    /// A path that can't be looked at.
    pub(super) fn io(path: &Path, error: io::Error) -> Self {
        Self {
            path: path.to_owned(),
            reason: Reason::Io(error),
        }
    }

    /// A file that is too long for what it holds.
    pub(super) fn too_long(path: &Path, limit: u64) -> Self {
        Self {
            path: path.to_owned(),
            reason: Reason::TooLong { limit },
        }
    }

    /// A text that is no YAML.
    pub(super) fn yaml(path: &Path, error: &YamlError) -> Self {
        let help = error
            .help
            .map(|help| format!("; help: {help}"))
            .unwrap_or_default();
        Self {
            path: path.to_owned(),
            reason: Reason::Yaml(format!("{error}{help}")),
        }
    }

    /// YAML without what is needed.
    pub(super) fn no_config_map(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            reason: Reason::NoConfigMap,
        }
    }

    /// A directory that holds directories in the place of rules.
    pub(super) fn only_folders(path: &Path, folders: Vec<PathBuf>) -> Self {
        Self {
            path: path.to_owned(),
            reason: Reason::OnlyFolders { folders },
        }
    }

    /// A map beside another.
    pub(super) fn second_map(path: &Path, first: &str) -> Self {
        Self {
            path: path.to_owned(),
            reason: Reason::SecondMap {
                first: first.to_owned(),
            },
        }
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::io(Path::new("the directory"), error)
    }
}

impl MayBeGone for ReadError {
    fn is_gone(&self) -> bool {
        matches!(&self.reason, Reason::Io(error) if error.is_gone())
    }
}

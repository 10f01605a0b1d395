//! Reading one text, with a limit.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;
use std::time::Duration;

use super::text::{NotText, to_text};
use super::volume::MayBeGone;

/// The path that means stdin.
pub const STDIN: &str = "-";

/// The longest input of a command, in bytes: a list of all Pods of a large cluster is tens of megabytes.
pub const MAX_INPUT: u64 = 256 << 20;

/// Time after which a volume counts as one that does not answer. Files of rules and certificates are small.
pub const MAX_READ: Duration = Duration::from_secs(10);

/// The directories that a shell names in the paths that it puts in place of `<(...)`.
const SHELL_DIRECTORIES: [&str; 2] = ["/dev/fd", "/proc/self/fd"];

/// A text that cannot be read, and the reason.
#[derive(Debug)]
pub struct ReadError {
    /// The file, as messages name it.
    pub name: String,
    /// The reason.
    pub reason: ReadReason,
}

/// The reason why a text cannot be read.
#[derive(Debug)]
pub enum ReadReason {
    /// The system reports an error.
    Io(io::Error),
    /// It is a directory.
    Directory,
    /// It is a device, a socket or a pipe, which cannot be read again.
    NotRegular,
    /// It has more bytes than this.
    TooLong(u64),
    /// It is not UTF-8.
    NotText(NotText),
    /// Its volume has not answered for [`MAX_READ`].
    NoAnswer,
}

/// Returns the name of a file in messages.
#[must_use]
pub fn display_name(path: &Path) -> String {
    if path.as_os_str() == STDIN {
        "stdin".to_owned()
    } else {
        path.display().to_string()
    }
}

/// Reads a regular file, which can be read again.
///
/// # Errors
///
/// Returns an error if it is not a regular file, cannot be read, is longer than the limit or not UTF-8.
pub fn read(path: &Path, limit: u64) -> Result<String, ReadError> {
    regular(path)
        .and_then(|file| take_file(file, limit))
        .map_err(|reason| ReadError::new(display_name(path), reason))
}

/// Reads stdin (`-`), a pipe, a device or a file to its end.
///
/// # Errors
///
/// Returns an error if it cannot be read, is longer than the limit or not UTF-8.
pub fn read_once(path: &Path, limit: u64) -> Result<String, ReadError> {
    let text = if path.as_os_str() == STDIN {
        take(io::stdin().lock(), limit, Vec::new())
    } else {
        any(path).and_then(|file| take_file(file, limit))
    };
    text.map_err(|reason| ReadError::new(display_name(path), reason))
}

/// Returns true for a path that a shell puts in place of `<(...)`.
#[must_use]
pub fn is_from_shell(path: &Path) -> bool {
    SHELL_DIRECTORIES
        .iter()
        .any(|directory| path.starts_with(directory))
}

/// Returns true if there is a pipe at such a path. It is open already, so reading it does not wait for a writer.
#[must_use]
pub fn is_pipe_from_shell(path: &Path) -> bool {
    is_from_shell(path) && fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo())
}

fn regular(path: &Path) -> Result<File, ReadReason> {
    // Before it is opened: opening a pipe waits for its other end.
    let metadata = fs::metadata(path).map_err(ReadReason::Io)?;
    if !metadata.is_file() && !metadata.is_dir() {
        return Err(ReadReason::NotRegular);
    }
    any(path)
}

fn any(path: &Path) -> Result<File, ReadReason> {
    let file = File::open(path).map_err(ReadReason::Io)?;
    match file.metadata() {
        Ok(metadata) if metadata.is_dir() => Err(ReadReason::Directory),
        _ => Ok(file),
    }
}

fn take_file(file: File, limit: u64) -> Result<String, ReadReason> {
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    if length > limit {
        return Err(ReadReason::TooLong(limit));
    }
    let bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    take(file, limit, bytes)
}

fn take(stream: impl Read, limit: u64, mut bytes: Vec<u8>) -> Result<String, ReadReason> {
    // A file may grow while it is read.
    let length = stream
        .take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(ReadReason::Io)?;
    if u64::try_from(length).is_ok_and(|length| length > limit) {
        return Err(ReadReason::TooLong(limit));
    }
    to_text(bytes).map_err(ReadReason::NotText)
}

impl ReadError {
    /// An error for a file of this name.
    #[must_use]
    pub fn new(name: impl Into<String>, reason: ReadReason) -> Self {
        Self {
            name: name.into(),
            reason,
        }
    }

    /// An error for a file or directory whose volume does not answer.
    #[must_use]
    pub fn no_answer(name: impl fmt::Display) -> Self {
        Self::new(name.to_string(), ReadReason::NoAnswer)
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot read {}: ", self.name)?;
        match &self.reason {
            ReadReason::Io(error) => error.fmt(f),
            ReadReason::Directory => f.write_str("it is a directory, not a file"),
            ReadReason::NotRegular => f.write_str("it is not a regular file"),
            ReadReason::TooLong(limit) if *limit < 1 << 20 => {
                write!(f, "it is longer than {} KiB", limit >> 10)
            }
            ReadReason::TooLong(limit) => write!(f, "it is longer than {} MiB", limit >> 20),
            ReadReason::NotText(error) => error.fmt(f),
            ReadReason::NoAnswer => {
                write!(f, "its volume has not answered for {} s", MAX_READ.as_secs())
            }
        }
    }
}

impl std::error::Error for ReadError {}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::new("the directory", ReadReason::Io(error))
    }
}

impl MayBeGone for ReadError {
    fn is_gone(&self) -> bool {
        matches!(&self.reason, ReadReason::Io(error) if error.is_gone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_regular_file_is_read_again() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("a.rules");
        fs::write(&file, "rules v1").unwrap();
        assert_eq!(read(&file, 8).unwrap(), "rules v1");
        assert!(matches!(
            read(&file, 7).unwrap_err().reason,
            ReadReason::TooLong(7)
        ));
        assert!(matches!(
            read(directory.path(), 8).unwrap_err().reason,
            ReadReason::Directory
        ));
        let device = Path::new("/dev/null");
        assert!(matches!(
            read(device, 8).unwrap_err().reason,
            ReadReason::NotRegular
        ));
        assert_eq!(read_once(device, 8).unwrap(), "");
        assert!(read(&directory.path().join("none"), 8).unwrap_err().is_gone());
    }

    #[test]
    fn device_without_an_end_is_read_to_the_limit() {
        let error = read_once(Path::new("/dev/zero"), 1 << 20).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot read /dev/zero: it is longer than 1 MiB"
        );
    }
}

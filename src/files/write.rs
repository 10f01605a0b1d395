//! Writing a file: the whole text, or nothing.
//!
//! The text goes into a new file in the same directory, which then takes the name. So a reader sees one text or the
//! other, and a crash leaves the previous one.

mod temporary;

use std::fmt;
use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

use self::temporary::Temporary;

/// The text that a write may replace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replace<'t> {
    /// None: the file must not exist.
    Nothing,
    /// This one, in a file that its user may write.
    Unchanged(&'t str),
    /// Any.
    Anything,
}

/// A file that still has its previous text, and the reason.
#[derive(Debug)]
pub struct WriteError {
    /// The file, as messages name it.
    pub name: String,
    /// The reason.
    pub reason: WriteReason,
}

/// The reason why a file is not written.
#[derive(Debug)]
pub enum WriteReason {
    /// It exists, and must not.
    Exists,
    /// It is a directory.
    Directory,
    /// It is a device, a socket or a pipe.
    NotRegular,
    /// Its user may not write it.
    ReadOnly,
    /// It has another text than the one to replace.
    Changed,
    /// Its directory takes no new file.
    NoTemporary(io::Error),
    /// The system reports an error.
    Io(io::Error),
}

/// Writes a file. The permissions and the owner of a file that is replaced stay, and a link stays a link.
///
/// # Errors
///
/// Returns an error if the file may not be replaced, or cannot be written: then it has its previous text.
pub fn write(path: &Path, text: &str, replace: Replace<'_>) -> Result<(), WriteError> {
    let name = path.display();
    let fail = |name: String, reason| WriteError { name, reason };
    // Writing to the target keeps the link, as an editor does.
    let file = behind_links(path).map_err(|error| fail(name.to_string(), WriteReason::Io(error)))?;
    write_file(&file, text, replace).map_err(|reason| {
        let name = match file == path {
            true => name.to_string(),
            false => format!("{name}, a link to {}", file.display()),
        };
        fail(name, reason)
    })
}

/// Gives a file the permissions of a key: its user may write it, its group may read it. Creates an empty file if there is
/// none, so that nobody else can read what is written then.
///
/// # Errors
///
/// Returns an error if the file cannot be created, or belongs to somebody else.
pub fn make_private(path: &Path) -> io::Result<()> {
    const MODE: u32 = 0o640;
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(MODE)
        .open(path)?;
    file.set_permissions(Permissions::from_mode(MODE))
}

/// Returns the file that a link leads to, even if it does not exist.
fn behind_links(path: &Path) -> io::Result<PathBuf> {
    /// The number of links that Linux follows.
    const MAX_LINKS: usize = 40;
    let mut file = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&file) {
            Ok(target) => file = file.parent().unwrap_or(Path::new("")).join(target),
            // The path is not a link, or does not exist.
            Err(_) => return Ok(file),
        }
    }
    // The links form a cycle, and the system returns an error for it.
    fs::metadata(path).map(|_| file)
}

fn write_file(file: &Path, text: &str, replace: Replace<'_>) -> Result<(), WriteReason> {
    match fs::symlink_metadata(file) {
        Ok(found) if found.is_dir() => return Err(WriteReason::Directory),
        // Renaming would replace the device `/dev/null` by a regular file.
        Ok(found) if !found.is_file() => return Err(WriteReason::NotRegular),
        _ => {}
    }
    let previous = match replace {
        Replace::Nothing => None,
        Replace::Unchanged(_) => Some(writable(file)?),
        Replace::Anything => fs::metadata(file).ok(),
    };
    // Nobody else may read the file until it has the permissions of the previous one.
    let mode = if previous.is_some() { 0o600 } else { 0o666 };
    let mut temporary = Temporary::create(file, mode).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => WriteReason::Io(error),
        _ => WriteReason::NoTemporary(error),
    })?;
    fill(temporary.file(), text, previous.as_ref(), replace).map_err(WriteReason::Io)?;
    match replace {
        Replace::Nothing => temporary.create_as(file).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => WriteReason::Exists,
            _ => WriteReason::Io(error),
        }),
        Replace::Unchanged(expected) => {
            // As late as possible: an editor may save the file at any time.
            if fs::read(file).map_err(WriteReason::Io)? != expected.as_bytes() {
                return Err(WriteReason::Changed);
            }
            temporary.rename_to(file).map_err(WriteReason::Io)
        }
        Replace::Anything => temporary.rename_to(file).map_err(WriteReason::Io),
    }
}

/// Returns the metadata of a file that its user may write. Renaming needs the permission of the directory only.
fn writable(file: &Path) -> Result<Metadata, WriteReason> {
    let metadata = fs::metadata(file).map_err(WriteReason::Io)?;
    if metadata.permissions().readonly() {
        return Err(WriteReason::ReadOnly);
    }
    // Opening for writing is the check that also covers access lists and read-only file systems.
    match OpenOptions::new().write(true).open(file) {
        Ok(_) => Ok(metadata),
        Err(error) => Err(WriteReason::Io(error)),
    }
}

fn fill(new: &mut File, text: &str, previous: Option<&Metadata>, replace: Replace<'_>) -> io::Result<()> {
    new.write_all(text.as_bytes())?;
    if let Some(previous) = previous {
        let created = new.metadata()?;
        if (created.uid(), created.gid()) != (previous.uid(), previous.gid()) {
            let owned = fchown(&*new, Some(previous.uid()), Some(previous.gid()));
            // Only root may change the owner, and for a user who replaces any file the text matters most.
            owned.or_else(|error| {
                if replace == Replace::Anything {
                    Ok(())
                } else {
                    Err(error)
                }
            })?;
        }
        new.set_permissions(previous.permissions())?;
    }
    // Without it, a crash after the rename could leave an empty file.
    new.sync_all()
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot write {}: ", self.name)?;
        match &self.reason {
            WriteReason::Exists => f.write_str("it exists"),
            WriteReason::Directory => f.write_str("it is a directory"),
            WriteReason::NotRegular => f.write_str("it is not a regular file"),
            WriteReason::ReadOnly => f.write_str("it is read-only"),
            WriteReason::Changed => f.write_str("it was changed meanwhile; run the command again"),
            WriteReason::NoTemporary(error) => {
                write!(f, "cannot create a temporary file in its directory: {error}")
            }
            WriteReason::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for WriteError {}

#[cfg(test)]
mod tests;

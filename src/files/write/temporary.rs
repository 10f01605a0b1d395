//! A temporary file, which takes the name of another file once its text is complete.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// The number of names that are tried. A killed process leaves one behind, and in a container every process has the
/// same number.
pub(super) const NAMES: usize = 100;

/// A new file in the directory of another. It is removed unless it takes a name.
#[derive(Debug)]
pub(super) struct Temporary {
    path: PathBuf,
    file: File,
    is_renamed: bool,
}

/// Returns the path of a temporary file. Readers of a directory skip names with a leading dot, and it is short enough
/// however long the name of the other file is.
pub(super) fn temporary_path(file: &Path, number: usize) -> PathBuf {
    file.with_file_name(format!(".imageswap-{}-{number}.tmp", std::process::id()))
}

impl Temporary {
    /// Creates an empty file, with the permissions that the process leaves of a mode.
    ///
    /// # Errors
    ///
    /// Returns an error if the directory takes no file, or all names are in use.
    pub(super) fn create(file: &Path, mode: u32) -> io::Result<Self> {
        let create = |number| {
            let path = temporary_path(file, number);
            let mut options = OpenOptions::new();
            let created = options.write(true).create_new(true).mode(mode).open(&path);
            created.map(|file| Self {
                path,
                file,
                is_renamed: false,
            })
        };
        let is_in_use = |created: &io::Result<_>| matches!(created, Err(error) if error.kind() == io::ErrorKind::AlreadyExists);
        let mut tries = (1..NAMES).map(create).skip_while(is_in_use);
        tries.next().unwrap_or_else(|| create(NAMES))
    }

    /// The file to write into.
    pub(super) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Takes the name of a file, which is replaced if it exists.
    ///
    /// # Errors
    ///
    /// Returns an error if the system does not allow it; then that file is unchanged.
    pub(super) fn rename_to(mut self, file: &Path) -> io::Result<()> {
        fs::rename(&self.path, file)?;
        // From here on another process may use the name.
        self.is_renamed = true;
        Ok(())
    }

    /// Takes a name that no file has. Unlike a rename, it never replaces a file that another process has created
    /// meanwhile.
    ///
    /// # Errors
    ///
    /// Returns an error if the file exists, or the system does not allow it.
    pub(super) fn create_as(self, file: &Path) -> io::Result<()> {
        fs::hard_link(&self.path, file)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.is_renamed {
            // Ignore the error: the caller reports the first one.
            let _ = fs::remove_file(&self.path);
        }
    }
}

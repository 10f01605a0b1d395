//! A file beside another, which takes its name once it is whole.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// How many names are tried. One is in use where a process was killed that had the same number, as in a container each
/// has.
pub const NAMES: usize = 100;

/// A new file in the directory of another. It is gone again where it has taken no name.
#[derive(Debug)]
pub struct Beside {
    path: PathBuf,
    file: File,
    has_moved: bool,
}

/// The name of the file beside. Whoever reads the directory passes over one with a dot, and however long the other
/// file's is, it can be made.
#[must_use]
pub fn name_beside(file: &Path, number: usize) -> PathBuf {
    file.with_file_name(format!(".imageswap-{}-{number}.tmp", std::process::id()))
}

impl Beside {
    /// Makes the file, which is empty, with the permissions that the process leaves of a mode.
    ///
    /// # Errors
    ///
    /// Where the directory takes no file, or all names are in use.
    pub fn make(file: &Path, mode: u32) -> io::Result<Self> {
        let make = |number| {
            let path = name_beside(file, number);
            let mut options = OpenOptions::new();
            let made = options.write(true).create_new(true).mode(mode).open(&path);
            made.map(|file| Self {
                path,
                file,
                has_moved: false,
            })
        };
        let is_in_use =
            |made: &io::Result<_>| matches!(made, Err(error) if error.kind() == io::ErrorKind::AlreadyExists);
        let mut tries = (1..NAMES).map(make).skip_while(is_in_use);
        tries.next().unwrap_or_else(|| make(NAMES))
    }

    /// What to write into.
    pub fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Takes the place of a file, if there is one.
    ///
    /// # Errors
    ///
    /// Where that can't be: then that file is as it was.
    pub fn replace(mut self, file: &Path) -> io::Result<()> {
        fs::rename(&self.path, file)?;
        // The name may be somebody else's from here on.
        self.has_moved = true;
        Ok(())
    }

    /// Takes a name that no file has. Unlike a rename it never takes the place of a file, whoever made it meanwhile.
    ///
    /// # Errors
    ///
    /// Where there is a file, or it can't be.
    pub fn appear(self, file: &Path) -> io::Result<()> {
        fs::hard_link(&self.path, file)
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if !self.has_moved {
            // Whether it can be taken away or not, what there is to say is the first error.
            let _ = fs::remove_file(&self.path);
        }
    }
}

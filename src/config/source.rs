//! Sources of the rules: the files and directories that a user names.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use imageswap_engine::legacy::Prefix;

use super::error::ReadError;
use super::set::{self, Limits, Times};
use super::text::RulesText;

/// Source of the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RulesSource {
    /// MAPS mode: a map file, or rules instead of it.
    MapFile(PathBuf),
    /// LEGACY mode: a prefix for every image.
    Prefix(Prefix),
    /// Files and directories of rules. At most one map, which applies after the rules.
    Paths(Vec<PathBuf>),
}

/// A directory to watch for changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Watched {
    /// Path of the directory.
    pub(crate) directory: PathBuf,
    /// Names of the files to watch in it; `None` for all files, if the directory itself was given.
    pub(crate) files: Option<Vec<OsString>>,
}

impl RulesSource {
    /// Reads the texts.
    ///
    /// # Errors
    ///
    /// Returns an error if a file cannot be read, is too long or not UTF-8, or if there are two maps.
    pub(crate) fn read(&self, limits: Limits) -> Result<RulesText, ReadError> {
        Ok(match self {
            Self::MapFile(path) => RulesText::from_entries(set::read_file(path, limits)?),
            Self::Paths(paths) => RulesText::from_entries(set::read(paths, limits, Times::Again)?),
            Self::Prefix(prefix) => RulesText::from_prefix(prefix.clone()),
        })
    }

    /// Returns the directories whose changes change the rules.
    pub(crate) fn watched(&self) -> Vec<Watched> {
        let paths = match self {
            Self::MapFile(path) => std::slice::from_ref(path),
            Self::Paths(paths) => paths,
            Self::Prefix(_) => return Vec::new(),
        };
        let mut watched: Vec<Watched> = Vec::new();
        for path in paths {
            let (directory, file) = if path.is_dir() {
                (path.as_path(), None)
            } else {
                (set::directory_of(path), path.file_name().map(ToOwned::to_owned))
            };
            match watched.iter_mut().find(|known| known.directory == directory) {
                Some(known) => match (&mut known.files, file) {
                    (Some(files), Some(file)) => files.push(file),
                    (files, _) => *files = None,
                },
                None => watched.push(Watched {
                    directory: directory.to_owned(),
                    files: file.map(|file| vec![file]),
                }),
            }
        }
        watched
    }
}

/// Paths as text, with commas between them.
struct Paths<'p>(&'p [PathBuf]);

impl fmt::Display for Paths<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, path) in self.0.iter().enumerate() {
            let comma = if number == 0 { "" } else { ", " };
            write!(f, "{comma}{}", Path::display(path))?;
        }
        Ok(())
    }
}

impl fmt::Display for RulesSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MapFile(path) => write!(f, "the map file {}", path.display()),
            Self::Prefix(prefix) => match prefix.as_str() {
                "" => f.write_str("an empty prefix, which swaps nothing"),
                prefix => write!(f, "the prefix `{prefix}`"),
            },
            Self::Paths(paths) => write!(f, "{}", Paths(paths)),
        }
    }
}

//! From what is configured to a set of rules.

mod config_maps;
mod digest;
mod error;
mod loaded;
mod set;
mod single;

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use imageswap_engine::compile::RulesFile;
use imageswap_engine::diagnostic::SourceMap;
use imageswap_engine::legacy::{LegacyConfig, Prefix};
use sha2::{Digest as _, Sha256};

pub(crate) use digest::Digest;
pub(crate) use error::ReadError;
pub(crate) use loaded::{Loaded, Processors};
pub(crate) use set::Limits;
pub(crate) use single::{Content, fits, read_single, rules_files_of};

use self::set::{Entries, Entry, Times};

/// Where the rules come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RulesSource {
    /// MAPS mode: a map file, or rules in its place.
    MapFile(PathBuf),
    /// LEGACY mode: a prefix for every image.
    Prefix(String),
    /// Files and directories of rules, with a map as the last resort.
    Paths(Vec<PathBuf>),
}

/// The texts that a set of rules is made from, read but not yet understood.
#[derive(Debug)]
pub(crate) struct RulesText {
    text: Text,
    digest: Digest,
}

#[derive(Debug)]
enum Text {
    Entries(Entries),
    Prefix(String),
}

/// What is to be watched for changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Watched {
    /// The folder.
    pub(crate) folder: PathBuf,
    /// The files in it; all of them where it is the folder that was given.
    pub(crate) files: Option<Vec<OsString>>,
}

impl RulesSource {
    /// Reads the texts.
    ///
    /// # Errors
    ///
    /// Where a file can't be read, is too long or no UTF-8, or where there are two maps.
    pub(crate) fn read(&self, limits: Limits) -> Result<RulesText, ReadError> {
        let text = match self {
            Self::MapFile(path) => Text::Entries(set::read_file(path, limits)?),
            Self::Paths(paths) => Text::Entries(set::read(paths, limits, Times::Again)?),
            Self::Prefix(prefix) => Text::Prefix(prefix.clone()),
        };
        Ok(RulesText::new(text))
    }

    /// The places whose changes change the rules.
    pub(crate) fn watched(&self) -> Vec<Watched> {
        let paths = match self {
            Self::MapFile(path) => std::slice::from_ref(path),
            Self::Paths(paths) => paths,
            Self::Prefix(_) => return Vec::new(),
        };
        let mut watched: Vec<Watched> = Vec::new();
        for path in paths {
            let (folder, file) = if path.is_dir() {
                (path.as_path(), None)
            } else {
                (set::directory_of(path), path.file_name().map(ToOwned::to_owned))
            };
            match watched.iter_mut().find(|known| known.folder == folder) {
                Some(known) => match (&mut known.files, file) {
                    (Some(files), Some(file)) => files.push(file),
                    (files, _) => *files = None,
                },
                None => watched.push(Watched {
                    folder: folder.to_owned(),
                    files: file.map(|file| vec![file]),
                }),
            }
        }
        watched
    }
}

impl Text {
    fn digest(&self) -> Digest {
        let mut hasher = Sha256::new();
        match self {
            Self::Prefix(prefix) => hasher.update(["prefix\0", prefix].concat()),
            Self::Entries(Entries { entries, .. }) => match entries.as_slice() {
                [
                    Entry {
                        is_map: true, text, ..
                    },
                ] => hasher.update(["map\0", text].concat()),
                entries => {
                    for entry in entries {
                        let kind = if entry.is_map { "map" } else { "rules" };
                        let length = entry.text.len();
                        hasher.update(format!("{kind}\0{}\0{length}\0", entry.label));
                        hasher.update(&entry.text);
                        if let Some(fault) = &entry.fault {
                            hasher.update(fault.to_string());
                        }
                    }
                }
            },
        }
        Digest::new(hasher)
    }
}

impl RulesText {
    fn new(text: Text) -> Self {
        Self {
            digest: text.digest(),
            text,
        }
    }

    /// Reads paths for a command that does so once: what a shell makes of `<(...)` may be among them.
    ///
    /// # Errors
    ///
    /// Where a file can't be read.
    pub(crate) fn of_paths(paths: &[PathBuf], limits: Limits) -> Result<Self, ReadError> {
        Ok(Self::new(Text::Entries(set::read(paths, limits, Times::Once)?)))
    }

    /// Returns the digest of the text.
    pub(crate) fn digest(&self) -> Digest {
        self.digest
    }

    /// Reads the statements, and nothing of what they mean together. Those that have an error are left out.
    pub(crate) fn parse(self) -> (SourceMap, Vec<RulesFile>) {
        match self.text {
            Text::Prefix(_) => (SourceMap::default(), Vec::new()),
            Text::Entries(entries) => loaded::parse_alone(entries),
        }
    }

    /// Makes the rules.
    pub(crate) fn load(self, limits: Limits, processors: Processors) -> Loaded {
        match self.text {
            Text::Prefix(prefix) => Loaded::plain(LegacyConfig::Prefix(Prefix::new(prefix)).into()),
            Text::Entries(entries) => loaded::load(entries, limits, processors),
        }
    }
}

/// Paths, one after the other.
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
            Self::Prefix(prefix) if prefix.is_empty() => f.write_str("an empty prefix, which swaps nothing"),
            Self::Prefix(prefix) => write!(f, "the prefix `{prefix}`"),
            Self::Paths(paths) => write!(f, "{}", Paths(paths)),
        }
    }
}

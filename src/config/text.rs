//! Texts of a set, with their digest.

use std::path::PathBuf;

use imageswap_engine::compile::RulesFile;
use imageswap_engine::diagnostic::SourceMap;
use imageswap_engine::legacy::Prefix;
use sha2::{Digest as _, Sha256};

use super::digest::Digest;
use super::error::ReadError;
use super::loaded::{self, Loaded};
use super::processors::Processors;
use super::set::{self, Entries, Entry, Limits, Times};
use super::texts::Texts;

/// Texts of a set that are read, but not parsed.
#[derive(Debug)]
pub(crate) struct RulesText {
    text: Text,
    digest: Digest,
}

#[derive(Debug)]
enum Text {
    Entries(Entries),
    Prefix(Prefix),
}

impl Text {
    fn digest(&self) -> Digest {
        let mut hasher = Sha256::new();
        match self {
            Self::Prefix(prefix) => {
                hasher.update("prefix\0");
                hasher.update(prefix.as_str());
            }
            Self::Entries(Entries { entries, .. }) => match entries.as_slice() {
                [
                    Entry {
                        is_map: true, text, ..
                    },
                ] => {
                    hasher.update("map\0");
                    hasher.update(text);
                }
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
    pub(super) fn from_entries(entries: Entries) -> Self {
        Self::new(Text::Entries(entries))
    }

    pub(super) fn from_prefix(prefix: Prefix) -> Self {
        Self::new(Text::Prefix(prefix))
    }

    fn new(text: Text) -> Self {
        Self {
            digest: text.digest(),
            text,
        }
    }

    /// Reads paths for a command that reads them once, so that the pipes of a shell's `<(...)` are allowed.
    ///
    /// # Errors
    ///
    /// Returns an error if a file cannot be read.
    pub(crate) fn read_once(paths: &[PathBuf], limits: Limits) -> Result<Self, ReadError> {
        Ok(Self::from_entries(set::read(paths, limits, Times::Once)?))
    }

    /// Returns the digest of the text.
    pub(crate) fn digest(&self) -> Digest {
        self.digest
    }

    /// Parses the statements without the checks of the set. Omits statements that have an error.
    pub(crate) fn parse(self) -> (SourceMap, Vec<RulesFile>) {
        match self.text {
            Text::Prefix(_) => (SourceMap::default(), Vec::new()),
            Text::Entries(entries) => {
                let texts = Texts::new(entries);
                let (parsed, _) = texts.parse(1);
                (texts.sources, parsed)
            }
        }
    }

    /// Compiles and verifies the set.
    pub(crate) fn verify(self, limits: Limits, processors: Processors) -> Loaded {
        match self.text {
            Text::Prefix(prefix) => Loaded::of_prefix(prefix),
            Text::Entries(entries) => loaded::verify(entries, limits, processors),
        }
    }
}

//! From what is configured to a set of rules: the only place that reads files of rules.

mod file;
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "for the commands that look at manifests")
)]
pub(crate) mod manifest;
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "for the commands that look at manifests")
)]
pub(crate) mod yaml;

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use imageswap_engine::diagnostic::{Diagnostic, SourceMap};
use imageswap_engine::legacy::{LegacyConfig, Map, Prefix};
use imageswap_engine::rules::RuleSet;
use sha2::{Digest as _, Sha256};

pub(crate) use file::ReadError;

/// Where the rules come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RulesSource {
    /// MAPS mode: a map file.
    MapFile(PathBuf),
    /// LEGACY mode: a prefix for every image.
    Prefix(String),
}

/// The texts that a set of rules is made from, read but not yet understood.
#[derive(Debug)]
pub(crate) struct RulesText {
    name: String,
    text: Text,
    digest: [u8; 32],
}

#[derive(Debug)]
enum Text {
    Map(String),
    Prefix(String),
}

/// A set of rules, and what there is to say of its text.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) rules: RuleSet,
    /// The first half of the SHA-256 of the text, in hexadecimal digits.
    pub(crate) digest: String,
    pub(crate) findings: Vec<Diagnostic>,
    /// What the findings point into.
    pub(crate) sources: SourceMap,
}

impl RulesSource {
    /// Reads the text.
    ///
    /// # Errors
    ///
    /// Where a file can't be read, is too long or no UTF-8.
    pub(crate) fn read(&self) -> Result<RulesText, ReadError> {
        let (name, text) = match self {
            Self::MapFile(path) => (
                path.display().to_string(),
                Text::Map(file::read(path, file::MAX_MAP)?),
            ),
            Self::Prefix(prefix) => ("IMAGE_PREFIX".to_owned(), Text::Prefix(prefix.clone())),
        };
        let mut hasher = Sha256::new();
        match &text {
            Text::Map(text) => hasher.update(["map\0", text].concat()),
            Text::Prefix(prefix) => hasher.update(["prefix\0", prefix].concat()),
        }
        Ok(RulesText {
            name,
            text,
            digest: hasher.finalize().into(),
        })
    }

    /// The folder and the name of the file whose changes change the rules; none where they can't change.
    pub(crate) fn folder_and_file(&self) -> Option<(PathBuf, OsString)> {
        match self {
            Self::MapFile(path) => Some((file::folder_of(path).to_owned(), path.file_name()?.to_owned())),
            Self::Prefix(_) => None,
        }
    }
}

impl RulesText {
    /// The SHA-256 of the text.
    pub(crate) fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// Makes the rules.
    pub(crate) fn compile(self) -> Loaded {
        let mut sources = SourceMap::default();
        let (legacy, findings) = match self.text {
            Text::Map(text) => {
                let source = sources.add(self.name, text);
                let (map, findings) = Map::compile(&sources, source);
                (LegacyConfig::Maps(Box::new(map)), findings)
            }
            Text::Prefix(prefix) => (LegacyConfig::Prefix(Prefix::new(prefix)), Vec::new()),
        };
        let digest = self
            .digest
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Loaded {
            rules: legacy.into(),
            digest,
            findings,
            sources,
        }
    }
}

impl fmt::Display for RulesSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MapFile(path) => write!(f, "the map file {}", path.display()),
            Self::Prefix(prefix) if prefix.is_empty() => f.write_str("an empty prefix, which swaps nothing"),
            Self::Prefix(prefix) => write!(f, "the prefix `{prefix}`"),
        }
    }
}

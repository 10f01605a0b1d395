//! The form in which a cluster keeps a set.
//!
//! It is a JSON object, compressed with gzip (RFC 1952):
//!
//! | member | content |
//! |---|---|
//! | `version` | 1. A reader rejects any other version |
//! | `prefix` | the prefix of the mode `legacy`; such a set has no `files` |
//! | `files` | the texts of the set, in the order in which they apply |
//! | `files[].name` | the name in findings, usually the path in the Pod that wrote it |
//! | `files[].label` | the name that the rules of the file have in logs and metrics |
//! | `files[].kind` | `rules`, or `map` for at most one of them |
//! | `files[].text` | the content |
//!
//! The set that is read has the same digest and the same names of rules as the one that was written.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Read as _, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use imageswap_engine::legacy::{Prefix, PrefixError};
use serde::{Deserialize, Serialize};

use super::set::{Entries, Entry};
use super::set_texts::SetTexts;
use super::text::RulesText;

#[cfg(test)]
mod tests;

const VERSION: u32 = 1;
/// Maximum length of the JSON, in bytes. Gzip can make a text a thousand times shorter, so a short value could
/// otherwise fill the memory. The longest map has half of it.
const MAX_JSON: usize = 16 << 20;
/// Maximum length after compression, in bytes. The API server accepts 1 MiB in the values of a ConfigMap.
const MAX_STORED: usize = 1 << 20;

/// A set in this form.
#[derive(Deserialize, Serialize)]
struct StoredSet<'a> {
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    prefix: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    files: Option<Vec<StoredFile<'a>>>,
}

#[derive(Deserialize, Serialize)]
struct StoredFile<'a> {
    name: Cow<'a, str>,
    label: Cow<'a, str>,
    kind: Kind,
    text: Cow<'a, str>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Rules,
    Map,
}

/// Member that tells whether the others can be read.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

/// A set is too large for a ConfigMap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TooLarge {
    /// Its texts are longer than this many bytes.
    Texts(usize),
    /// It has this many bytes after compression.
    Compressed(usize),
}

/// The reason why bytes are not a set in this form.
#[derive(Debug)]
pub(crate) enum StoredSetError {
    /// They are not gzip.
    NotGzip(io::Error),
    /// They become longer than this many bytes.
    TooLong(usize),
    /// They are not JSON with the members of a set.
    NotJson(serde_json::Error),
    /// The set has another version.
    OtherVersion(u32),
    /// Its prefix never gives a valid image.
    Prefix(PrefixError),
    /// It has neither or both of `prefix` and `files`, or several maps.
    Contradictory,
}

impl SetTexts {
    /// Returns the set in the form in which a cluster keeps it. Equal texts have equal bytes.
    ///
    /// # Errors
    ///
    /// Returns an error if a ConfigMap has no room for it.
    pub(crate) fn to_stored(&self) -> Result<Vec<u8>, TooLarge> {
        let files = self.files().map(|file| StoredFile {
            name: file.name.into(),
            label: file.label.into(),
            kind: if file.is_map { Kind::Map } else { Kind::Rules },
            text: file.text.into(),
        });
        let set = match self {
            Self::Prefix(prefix) => StoredSet {
                version: VERSION,
                prefix: Some(prefix.as_str().into()),
                files: None,
            },
            Self::Files(..) => StoredSet {
                version: VERSION,
                prefix: None,
                files: Some(files.collect()),
            },
        };
        let mut json = LimitedWriter {
            inner: GzEncoder::new(Vec::new(), Compression::default()),
            room: MAX_JSON,
        };
        // A vector accepts every byte, and every text has a JSON form, so only the limit makes it fail.
        serde_json::to_writer(&mut json, &set).map_err(|_| TooLarge::Texts(MAX_JSON))?;
        let bytes = json.inner.finish().map_err(|_| TooLarge::Texts(MAX_JSON))?;
        if bytes.len() > MAX_STORED {
            return Err(TooLarge::Compressed(bytes.len()));
        }
        Ok(bytes)
    }
}

impl RulesText {
    /// Reads a set that [`SetTexts::to_stored`] has written.
    ///
    /// # Errors
    ///
    /// Returns an error if the bytes are not such a set.
    pub(crate) fn from_stored(bytes: &[u8]) -> Result<Self, StoredSetError> {
        let mut json = Vec::new();
        let limit = u64::try_from(MAX_JSON).unwrap_or(u64::MAX);
        GzDecoder::new(bytes)
            .take(limit + 1)
            .read_to_end(&mut json)
            .map_err(StoredSetError::NotGzip)?;
        if json.len() > MAX_JSON {
            return Err(StoredSetError::TooLong(MAX_JSON));
        }
        // First, because another version may have other members.
        let Versioned { version } = serde_json::from_slice(&json).map_err(StoredSetError::NotJson)?;
        if version != VERSION {
            return Err(StoredSetError::OtherVersion(version));
        }
        let set: StoredSet<'_> = serde_json::from_slice(&json).map_err(StoredSetError::NotJson)?;
        let files = match (set.prefix, set.files) {
            (Some(prefix), None) => {
                let prefix = Prefix::parse(&prefix).map_err(StoredSetError::Prefix)?;
                return Ok(Self::from_prefix(prefix));
            }
            (None, Some(files)) => files,
            (Some(_), Some(_)) | (None, None) => return Err(StoredSetError::Contradictory),
        };
        if files.iter().filter(|file| file.kind == Kind::Map).count() > 1 {
            return Err(StoredSetError::Contradictory);
        }
        let entry = |file: StoredFile<'_>| Entry {
            name: file.name.into_owned(),
            label: file.label.into_owned(),
            is_map: file.kind == Kind::Map,
            text: file.text.into_owned(),
            value: None,
            fault: None,
        };
        Ok(Self::from_entries(Entries {
            entries: files.into_iter().map(entry).collect(),
            ..Entries::default()
        }))
    }
}

/// A writer that fails once it would pass on more bytes than it has room for.
struct LimitedWriter<W> {
    inner: W,
    room: usize,
}

impl<W: Write> Write for LimitedWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.room = self.room.checked_sub(written).ok_or(io::ErrorKind::StorageFull)?;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Texts(limit) => write!(f, "its texts are longer than {limit} bytes"),
            Self::Compressed(bytes) => write!(
                f,
                "it has {bytes} bytes after compression, and a ConfigMap has room for {MAX_STORED}"
            ),
        }
    }
}

impl fmt::Display for StoredSetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotGzip(error) => write!(f, "it is not valid gzip: {error}"),
            Self::TooLong(limit) => write!(f, "it is longer than {limit} bytes"),
            Self::NotJson(error) => write!(f, "it is not a set in JSON: {error}"),
            Self::OtherVersion(version) => write!(
                f,
                "it has the version {version}, and this release reads only the version {VERSION}"
            ),
            Self::Prefix(error) => error.fmt(f),
            Self::Contradictory => {
                f.write_str("it has not exactly one of `prefix` and `files`, or several maps")
            }
        }
    }
}

impl std::error::Error for TooLarge {}
impl std::error::Error for StoredSetError {}

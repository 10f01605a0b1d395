//! The repository below a registry.

use std::fmt;

use super::registry::OFFICIAL;

/// The repository below a registry: what is written, behind `library/` where a short name was completed.
#[derive(Clone, Copy, Debug, Eq)]
pub struct RepositoryPath<'a> {
    official: bool,
    written: &'a str,
}

impl<'a> RepositoryPath<'a> {
    pub(super) fn new(official: bool, written: &'a str) -> Self {
        Self { official, written }
    }

    /// The path as the text spells it, without a `library/` that was added.
    #[must_use]
    pub fn written(self) -> &'a str {
        self.written
    }

    /// Whether `library/` was put before the written name.
    #[must_use]
    pub fn is_completed(self) -> bool {
        self.official
    }

    /// The length of the completed path, in bytes.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a path is never empty")]
    pub fn len(self) -> usize {
        self.written.len() + if self.official { OFFICIAL.len() } else { 0 }
    }

    /// The segments of the completed path.
    pub fn segments(self) -> impl Iterator<Item = &'a str> {
        self.official
            .then_some("library")
            .into_iter()
            .chain(self.written.split('/'))
    }

    /// The last segment.
    #[must_use]
    pub fn name(self) -> &'a str {
        self.written
            .rsplit_once('/')
            .map_or(self.written, |(_, name)| name)
    }
}

/// Paths are equal where they are so once completed.
impl PartialEq for RepositoryPath<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self.official, other.official) {
            (true, false) => other == self.written,
            (false, true) => self == other.written,
            _ => self.written == other.written,
        }
    }
}

impl PartialEq<str> for RepositoryPath<'_> {
    fn eq(&self, other: &str) -> bool {
        if self.official {
            other.strip_prefix(OFFICIAL) == Some(self.written)
        } else {
            self.written == other
        }
    }
}

impl PartialEq<&str> for RepositoryPath<'_> {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

impl fmt::Display for RepositoryPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.official {
            f.write_str(OFFICIAL)?;
        }
        f.write_str(self.written)
    }
}

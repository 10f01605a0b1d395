//! The repository below a registry.

use std::fmt;

use super::registry::OFFICIAL;

/// The repository below a registry: the text in the image, after `library/` if a short name was completed.
#[derive(Clone, Copy, Debug, Eq)]
pub struct RepositoryPath<'a> {
    official: bool,
    written: &'a str,
}

impl<'a> RepositoryPath<'a> {
    pub(super) fn new(official: bool, written: &'a str) -> Self {
        Self { official, written }
    }

    /// Returns the path in the original image, without an added `library/`.
    #[must_use]
    pub fn written(self) -> &'a str {
        self.written
    }

    /// Returns true if the parser added `library/`.
    #[must_use]
    pub fn is_completed(self) -> bool {
        self.official
    }

    /// Returns the length of the completed path, in bytes.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a path is never empty")]
    pub fn len(self) -> usize {
        self.written.len() + if self.official { OFFICIAL.len() } else { 0 }
    }

    /// Returns the segments of the completed path.
    pub fn segments(self) -> impl Iterator<Item = &'a str> {
        self.official
            .then_some("library")
            .into_iter()
            .chain(self.written.split('/'))
    }

    /// Returns the last segment.
    #[must_use]
    pub fn name(self) -> &'a str {
        self.written
            .rsplit_once('/')
            .map_or(self.written, |(_, name)| name)
    }
}

/// Paths are equal if their completed forms are.
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

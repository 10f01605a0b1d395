//! An image in the form that patterns match.

use std::cell::OnceCell;

use crate::glob;
use crate::positions::{BytePositions, SearchedText};
use crate::reference::{CanonicalName, Reference, ReferenceError, split_registry};

/// Image that Istio's injector replaces with its own.
pub(crate) const AUTO: &str = "auto";

/// Number of words for the positions in a repository, which has at most 255 bytes.
pub(crate) const PATH_WORDS: usize = 5;

/// An image in one round of an evaluation.
#[derive(Debug)]
pub(crate) struct Image<'a> {
    /// The original image, or the result of the round before.
    pub(crate) text: &'a str,
    name: CanonicalName<'a>,
    /// The repository as the text has it.
    pub(crate) written: &'a str,
    pub(crate) tag: Option<&'a str>,
    pub(crate) digest: Option<&'a str>,
    /// True if the text has no registry.
    pub(crate) is_unqualified: bool,
    /// Positions in the repository and in the text, for the patterns that search them.
    in_path: OnceCell<BytePositions<PATH_WORDS>>,
    in_text: OnceCell<BytePositions<{ glob::WORDS }>>,
}

impl<'a> Image<'a> {
    /// Parses an image.
    pub(crate) fn parse(text: &'a str) -> Result<Self, ReferenceError> {
        let reference = Reference::parse(text)?;
        // Without a registry no rule could name it, and no container runtime pulls it.
        let domain = reference.domain.ok_or(ReferenceError::Name)?;
        Ok(Self {
            text,
            name: CanonicalName::with_domain(text, domain, reference.path),
            written: reference.path.written(),
            tag: reference.tag,
            digest: reference.digest,
            is_unqualified: split_registry(text).0.is_none(),
            in_path: OnceCell::new(),
            in_text: OnceCell::new(),
        })
    }

    /// Returns registry and repository, such as `docker.io/library/nginx`.
    pub(crate) fn name(&self) -> &str {
        self.name.as_str()
    }

    /// Returns the repository, for a search.
    pub(crate) fn searched_path(&self) -> SearchedText<'_, PATH_WORDS> {
        SearchedText::new(self.path(), &self.in_path)
    }

    /// Returns the text, for a search.
    pub(crate) fn searched_text(&self) -> SearchedText<'_, { glob::WORDS }> {
        SearchedText::new(self.text, &self.in_text)
    }

    /// Returns the registry, such as `docker.io`.
    pub(crate) fn registry(&self) -> &str {
        self.name.registry()
    }

    /// Returns the repository, such as `library/nginx`.
    pub(crate) fn path(&self) -> &str {
        self.name.path()
    }

    /// Returns the tag for the comparison with a pattern: an image with neither tag nor digest has `latest`.
    pub(crate) fn compared_tag(&self) -> Option<&str> {
        match (self.tag, self.digest) {
            (None, None) => Some("latest"),
            (tag, _) => tag,
        }
    }

    /// Returns true if both have the same canonical form.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.name() == other.name() && self.tag == other.tag && self.digest == other.digest
    }
}

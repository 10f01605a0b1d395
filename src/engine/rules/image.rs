//! An image as patterns see it.

use crate::reference::{CanonicalName, Reference, ReferenceError, split_registry};

/// Image that Istio's injector replaces with its own.
pub(crate) const AUTO: &str = "auto";

/// An image in one round of deciding.
#[derive(Debug)]
pub(crate) struct Image<'a> {
    /// The image as the object, or the swap of the round before, has it.
    pub(crate) text: &'a str,
    name: CanonicalName<'a>,
    /// The repository as it is spelled.
    pub(crate) written: &'a str,
    pub(crate) tag: Option<&'a str>,
    pub(crate) digest: Option<&'a str>,
    /// Whether it is spelled without a registry.
    pub(crate) is_unqualified: bool,
}

impl<'a> Image<'a> {
    /// Parses an image.
    pub(crate) fn parse(text: &'a str) -> Result<Self, ReferenceError> {
        let reference = Reference::parse(text)?;
        // Without a registry, no rule could name it, and no runtime pulls it.
        let domain = reference.domain.ok_or(ReferenceError::Name)?;
        Ok(Self {
            text,
            name: CanonicalName::with_domain(text, domain, reference.path),
            written: reference.path.written(),
            tag: reference.tag,
            digest: reference.digest,
            is_unqualified: split_registry(text).0.is_none(),
        })
    }

    /// Registry and repository, `docker.io/library/nginx`.
    pub(crate) fn name(&self) -> &str {
        self.name.as_str()
    }

    /// The registry, `docker.io`.
    pub(crate) fn registry(&self) -> &str {
        self.name.registry()
    }

    /// The repository, `library/nginx`.
    pub(crate) fn path(&self) -> &str {
        self.name.path()
    }

    /// The tag that a pattern's tag is compared with: an image with neither tag nor digest has `latest`.
    pub(crate) fn compared_tag(&self) -> Option<&str> {
        match (self.tag, self.digest) {
            (None, None) => Some("latest"),
            (tag, _) => tag,
        }
    }

    /// Whether both are one image, however they are spelled.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.name() == other.name() && self.tag == other.tag && self.digest == other.digest
    }
}

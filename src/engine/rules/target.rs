//! Targets of swaps, and their results.

use super::image::Image;
use super::pattern::{CaptureKind, Pattern};
use super::shape::Shape;
use super::template::{Values, has_placeholder, is_all_placeholders};
use super::text::Text;
use crate::reference::{DOCKER_HUB, OFFICIAL, Reference, normalized};

/// A compiled target. Its parts are templates.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Target {
    /// The registry, in lower case and without the default port, and the repository, if there is one, completed if it
    /// is literal.
    name: Text,
    /// True if it ends in `/`: the path below the pattern is appended.
    pub(crate) below: bool,
    /// The tag and the digest, if it names either.
    tag_and_digest: Option<Box<TagAndDigest>>,
    /// The own images; `None` if the target has no placeholder, and so only one own image.
    shape: Option<Box<Shape>>,
}

/// A tag and a digest; one of them may be missing.
type TagAndDigest = (Option<Text>, Option<Text>);

impl Target {
    pub(crate) fn new(
        registry: &str,
        path: &str,
        below: bool,
        tag: Option<&str>,
        digest: Option<&str>,
        kinds: &[CaptureKind],
    ) -> Self {
        // A placeholder must keep its case, but no name of a placeholder has capitals, so the text can be lowered.
        let registry = if has_placeholder(registry) {
            registry.to_ascii_lowercase().into()
        } else {
            normalized(registry)
        };
        let is_literal = [
            registry.as_ref(),
            path,
            tag.unwrap_or_default(),
            digest.unwrap_or_default(),
        ]
        .iter()
        .all(|part| !has_placeholder(part));
        // A literal result is completed here once, instead of at each evaluation.
        let is_short = is_literal && !below && registry == DOCKER_HUB && !path.contains('/');
        let official = if is_short { OFFICIAL } else { "" };
        let slash = if path.is_empty() { "" } else { "/" };
        let names_tag = tag.is_some() || digest.is_some();
        let shape = || Shape::new(&registry, path, below, [tag, digest], kinds);
        Self {
            name: format!("{registry}{slash}{official}{path}").into(),
            below,
            tag_and_digest: names_tag.then(|| Box::new((tag.map(Into::into), digest.map(Into::into)))),
            shape: (!is_literal).then(|| Box::new(shape())),
        }
    }

    /// Returns true if the target names a tag or a digest, which replaces both of the image.
    pub(crate) fn names_tag(&self) -> bool {
        self.tag_and_digest.is_some()
    }

    /// Returns all its texts, to move them together.
    pub(crate) fn texts(&mut self) -> impl Iterator<Item = &mut Text> {
        let others = self
            .tag_and_digest
            .iter_mut()
            .flat_map(|both| both.0.iter_mut().chain(&mut both.1));
        [&mut self.name].into_iter().chain(others)
    }

    /// Returns registry and repository, such as `harbor.example.com/hub`; the registry alone if the target is
    /// `REGISTRY/`.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the registry.
    pub(crate) fn registry(&self) -> &str {
        self.name.split('/').next().unwrap_or_default()
    }

    /// Returns the repository; empty if the target is `REGISTRY/`.
    pub(crate) fn path(&self) -> &str {
        self.name.split_once('/').map_or("", |(_, path)| path)
    }

    /// Returns the tag, if the target names one.
    pub(crate) fn tag(&self) -> Option<&str> {
        self.tag_and_digest.as_deref()?.0.as_deref()
    }

    /// Returns the digest, if the target names one.
    pub(crate) fn digest(&self) -> Option<&str> {
        self.tag_and_digest.as_deref()?.1.as_deref()
    }

    /// Returns the registry; `None` if it has a capture.
    pub(crate) fn literal_registry(&self) -> Option<&str> {
        let registry = self.registry();
        (!has_placeholder(registry)).then_some(registry)
    }

    /// Returns the own images, if the target has placeholders.
    pub(crate) fn shape(&self) -> Option<&Shape> {
        self.shape.as_deref()
    }

    /// Returns true if an image is one of the target's own images.
    pub(crate) fn has_shape_of(&self, image: &Image<'_>) -> bool {
        if let Some(shape) = &self.shape {
            return shape.matches(image);
        }
        // Without placeholders, a comparison of texts is enough and much faster than a shape.
        let is_there = match image.name().strip_prefix(&*self.name) {
            Some("") => !self.below,
            Some(rest) => self.below && rest.starts_with('/'),
            None => false,
        };
        is_there && (!self.names_tag() || (image.tag == self.tag() && image.digest == self.digest()))
    }

    /// Returns the result for an image that matches the pattern.
    ///
    /// # Errors
    ///
    /// Returns the text as an error if it is not a valid image in the registry that the target names.
    pub(crate) fn expand(&self, image: &Image<'_>, pattern: &Pattern) -> Result<String, String> {
        let values = Values {
            image,
            captures: pattern.captures(image),
            // A literal target has no captures, so their kinds need no allocation.
            kinds: if self.shape.is_some() {
                pattern.capture_kinds()
            } else {
                Vec::new()
            },
        };
        // One allocation for nearly every result.
        let mut text = String::with_capacity(image.text.len() + self.name.len() + 16);
        values.registry(self.registry(), &mut text);
        let registry = text.len();
        for segment in self.path().split('/').filter(|segment| !segment.is_empty()) {
            let start = text.len();
            text.push('/');
            values.behind_registry(segment, &mut text);
            // A segment of empty placeholders is dropped with its `/`, because `a//b` is not a valid image.
            if text.len() == start + 1 && is_all_placeholders(segment) {
                text.truncate(start);
            }
        }
        if self.below {
            text.push('/');
            text.push_str(values.captures.below);
        }
        let is_hub = text.get(..registry) == Some(DOCKER_HUB);
        let path = text.get(registry + 1..).unwrap_or_default();
        // A digest in a capture must not be read as a name with a tag.
        let is_path = !path.is_empty() && !path.contains([':', '@']);
        // Docker Hub names its official images `library/...`, and the canonical form spells that out.
        if is_hub && is_path && !path.contains('/') {
            text.insert_str(registry + 1, OFFICIAL);
        }
        // And a digest in a capture must not be read as the digest of the target.
        let mut is_tag = true;
        if self.names_tag() {
            for (sign, template) in [(':', self.tag()), ('@', self.digest())] {
                let Some(template) = template else { continue };
                let start = text.len();
                text.push(sign);
                values.behind_registry(template, &mut text);
                if text.len() == start + 1 && is_all_placeholders(template) {
                    text.truncate(start);
                }
                is_tag &= sign == '@' || !text.get(start..).unwrap_or_default().contains('@');
            }
        } else {
            // A target without tag and digest keeps both of the image, so a pinned image stays pinned.
            for (sign, part) in [(':', image.tag), ('@', image.digest)] {
                if let Some(part) = part {
                    text.push(sign);
                    text.push_str(part);
                }
            }
        }
        let is_captured = self.literal_registry().is_none();
        let is_valid = is_path
            && is_tag
            && Reference::parse(&text)
                // The parser must see the same registry: a capture could move the boundary between registry and path.
                .is_ok_and(|reference| reference.domain.map(str::len) == Some(registry))
            && !(is_captured && is_hub_by_any_name(&text, registry));
        if is_valid { Ok(text) } else { Err(text) }
    }
}

/// Returns true if the registry of a text is Docker Hub, by any of its names.
fn is_hub_by_any_name(text: &str, registry: usize) -> bool {
    text.get(..registry)
        .is_some_and(|registry| normalized(registry) == DOCKER_HUB)
}

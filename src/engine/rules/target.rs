//! Targets: what a swap makes of an image.

use super::image::{DOCKER_HUB, Image, OFFICIAL, compared};
use super::pattern::{CaptureKind, Pattern};
use super::shape::Shape;
use super::template::{Values, has_placeholder, is_all_placeholders};
use crate::reference::Reference;

/// A compiled target. Its parts are templates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// The registry, in lower case and without the default port.
    pub(super) registry: Box<str>,
    /// The repository, without a trailing `/`; empty where the target is `REGISTRY/`. Completed where it is literal.
    pub(super) path: Box<str>,
    /// Whether it ends in `/`: what lies below the pattern is appended.
    pub(super) below: bool,
    pub(super) tag: Option<Box<str>>,
    pub(super) digest: Option<Box<str>>,
    /// What results look like; none where the target has no placeholder, and is its own shape.
    shape: Option<Box<Shape>>,
}

impl Target {
    pub(super) fn new(
        registry: &str,
        path: &str,
        below: bool,
        tag: Option<&str>,
        digest: Option<&str>,
        kinds: &[CaptureKind],
    ) -> Self {
        let registry = if has_placeholder(registry) {
            registry.to_ascii_lowercase().into()
        } else {
            compared(registry)
        };
        let is_literal = [
            registry.as_ref(),
            path,
            tag.unwrap_or_default(),
            digest.unwrap_or_default(),
        ]
        .iter()
        .all(|part| !has_placeholder(part));
        let is_short = is_literal && !below && registry == DOCKER_HUB && !path.contains('/');
        let official = if is_short { OFFICIAL } else { "" };
        let mut target = Self {
            registry: registry.into(),
            path: format!("{official}{path}").into(),
            below,
            tag: tag.map(Into::into),
            digest: digest.map(Into::into),
            shape: None,
        };
        if !is_literal {
            target.shape = Some(Box::new(Shape::new(&target, kinds)));
        }
        target
    }

    /// Whether the target names a tag or a digest of its own, so that both of the image's go.
    pub(super) fn names_tag(&self) -> bool {
        self.tag.is_some() || self.digest.is_some()
    }

    /// The one registry that it leads to; none where it holds a capture.
    pub(super) fn literal_registry(&self) -> Option<&str> {
        (!has_placeholder(&self.registry)).then_some(&*self.registry)
    }

    /// What results look like, where the target has placeholders.
    pub(super) fn shape(&self) -> Option<&Shape> {
        self.shape.as_deref()
    }

    /// Whether an image has the shape of the target.
    pub(super) fn has_shape_of(&self, image: &Image<'_>) -> bool {
        if let Some(shape) = &self.shape {
            return shape.matches(image);
        }
        image.registry() == &*self.registry
            && match image.path().strip_prefix(&*self.path) {
                Some("") => !self.below,
                Some(rest) => self.below && (self.path.is_empty() || rest.starts_with('/')),
                None => false,
            }
            && (!self.names_tag()
                || (image.tag == self.tag.as_deref() && image.digest == self.digest.as_deref()))
    }

    /// What becomes of an image that matches the pattern.
    ///
    /// # Errors
    ///
    /// The text that would come out, where that is no valid image in the registry that the target names.
    pub(super) fn expand(&self, image: &Image<'_>, pattern: &Pattern) -> Result<String, String> {
        let values = Values {
            image,
            captures: pattern.captures(image),
            kinds: if self.shape.is_some() {
                pattern.capture_kinds()
            } else {
                Vec::new()
            },
        };
        let mut text =
            String::with_capacity(image.spelled.len() + self.registry.len() + self.path.len() + 16);
        values.registry(&self.registry, &mut text);
        let registry = text.len();
        for segment in self.path.split('/').filter(|segment| !segment.is_empty()) {
            let start = text.len();
            text.push('/');
            values.behind_registry(segment, &mut text);
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
        // A digest that a capture took must not pass for a name with a tag.
        let is_path = !path.is_empty() && !path.contains([':', '@']);
        if is_hub && is_path && !path.contains('/') {
            text.insert_str(registry + 1, OFFICIAL);
        }
        // Nor a digest that a capture took for the target's own.
        let mut is_tag = true;
        if self.names_tag() {
            for (sign, template) in [(':', &self.tag), ('@', &self.digest)] {
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
                .is_ok_and(|reference| reference.domain.map(str::len) == Some(registry))
            && !(is_captured && is_hub_by_any_name(&text, registry));
        if is_valid { Ok(text) } else { Err(text) }
    }
}

/// Whether the registry of a text is Docker Hub, by whatever name.
fn is_hub_by_any_name(text: &str, registry: usize) -> bool {
    text.get(..registry)
        .is_some_and(|registry| compared(registry) == DOCKER_HUB)
}

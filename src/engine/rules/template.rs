//! Texts with placeholders: `harbor.example.com/gcr-{1}/{path}`.

use super::image::Image;
use super::pattern::{CaptureKind, Captures};
use crate::reference::split_port;

/// A placeholder: a part of an image, or a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placeholder {
    Domain,
    Host,
    Port,
    Path,
    Name,
    Tag,
    Digest,
    Written,
    /// A capture, counted from 1.
    Capture(usize),
}

/// Names of the parts of an image.
pub(crate) const NAMES: [&str; 8] = [
    "domain", "host", "port", "path", "name", "tag", "digest", "written",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TemplatePiece<'t> {
    Literal(&'t str),
    Placeholder(Placeholder),
}

impl Placeholder {
    /// Parses the text between braces. Returns `None` for the name of a constant and for an unknown name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "domain" => Self::Domain,
            "host" => Self::Host,
            "port" => Self::Port,
            "path" => Self::Path,
            "name" => Self::Name,
            "tag" => Self::Tag,
            "digest" => Self::Digest,
            "written" => Self::Written,
            _ => {
                let digits = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
                // A number that is too large is reported like one that is out of range.
                return digits.then(|| Self::Capture(name.parse().unwrap_or(usize::MAX)));
            }
        })
    }

    /// Returns true if its value can be empty, by its kind.
    pub(crate) fn can_be_empty(self) -> bool {
        matches!(self, Self::Port | Self::Tag | Self::Digest | Self::Capture(_))
    }
}

/// Returns the pieces of a template whose braces were checked.
pub(crate) fn pieces(template: &str) -> impl Iterator<Item = TemplatePiece<'_>> {
    let mut rest = template;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let inside = rest
            // An unknown name between braces is literal text here, because the lowering reports it.
            .strip_prefix('{')
            .and_then(|rest| rest.split_once('}'))
            .and_then(|(name, behind)| Some((Placeholder::parse(name)?, behind)));
        if let Some((placeholder, behind)) = inside {
            rest = behind;
            return Some(TemplatePiece::Placeholder(placeholder));
        }
        // The first character is text, even if it is a brace.
        let end = rest
            .char_indices()
            .skip(1)
            .find(|(_, character)| *character == '{')
            .map_or(rest.len(), |(end, _)| end);
        let (literal, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
        rest = behind;
        Some(TemplatePiece::Literal(literal))
    })
}

/// Returns true if the template has a placeholder.
pub(crate) fn has_placeholder(template: &str) -> bool {
    pieces(template).any(|piece| matches!(piece, TemplatePiece::Placeholder(_)))
}

/// Returns true if the template consists of placeholders.
pub(crate) fn is_all_placeholders(template: &str) -> bool {
    pieces(template).all(|piece| matches!(piece, TemplatePiece::Placeholder(_)))
}

/// Values of the placeholders for one image.
pub(crate) struct Values<'i> {
    pub(crate) image: &'i Image<'i>,
    pub(crate) captures: Captures<'i>,
    pub(crate) kinds: Vec<CaptureKind>,
}

impl Values<'_> {
    /// Writes the template as a registry.
    pub(crate) fn registry(&self, template: &str, text: &mut String) {
        for piece in pieces(template) {
            match piece {
                TemplatePiece::Literal(literal) => text.push_str(literal),
                TemplatePiece::Placeholder(placeholder) => text.push_str(self.of(placeholder)),
            }
        }
    }

    /// Writes the template as a text after a registry, in which a port has no `:`.
    pub(crate) fn behind_registry(&self, template: &str, text: &mut String) {
        for piece in pieces(template) {
            match piece {
                TemplatePiece::Literal(literal) => text.push_str(literal),
                TemplatePiece::Placeholder(placeholder) => {
                    let value = self.of(placeholder);
                    // A `:` in a path would begin a tag.
                    if self.holds_registry(placeholder) && value.contains(':') {
                        text.push_str(&value.replace(':', "_"));
                    } else {
                        text.push_str(value);
                    }
                }
            }
        }
    }

    fn holds_registry(&self, placeholder: Placeholder) -> bool {
        match placeholder {
            Placeholder::Domain => true,
            Placeholder::Capture(number) => matches!(
                number.checked_sub(1).and_then(|at| self.kinds.get(at)),
                Some(CaptureKind::Registry { .. } | CaptureKind::RegistryAndSegments)
            ),
            _ => false,
        }
    }

    fn of(&self, placeholder: Placeholder) -> &str {
        let image = self.image;
        match placeholder {
            Placeholder::Domain => image.registry(),
            Placeholder::Host => split_port(image.registry()).0,
            Placeholder::Port => split_port(image.registry()).1.unwrap_or_default(),
            Placeholder::Path => image.path(),
            Placeholder::Name => image.path().rsplit('/').next().unwrap_or_default(),
            Placeholder::Tag => image.tag.unwrap_or_default(),
            Placeholder::Digest => image.digest.unwrap_or_default(),
            Placeholder::Written => image.written,
            Placeholder::Capture(number) => number
                .checked_sub(1)
                .and_then(|at| self.captures.taken.get(at))
                .copied()
                .unwrap_or_default(),
        }
    }
}

//! Compiled patterns.

use crate::glob::Glob;

use crate::rules::image::Image;
use crate::rules::text::Text;

use super::segments::{ANY_SEGMENTS, capture_glob, match_glob, match_segments};

/// A compiled pattern.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Pattern {
    /// Over the parts of an image.
    Parts(PatternParts),
    /// Over the original image.
    Written(Box<Written>),
}

/// A pattern over the parts of an image, in canonical form.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PatternParts {
    /// Registry and repository, such as `docker.io/library/*`, without a trailing `/`.
    pub(crate) name: Text,
    /// True if it ends in `/`, so that it matches everything below.
    pub(crate) below: bool,
    /// True if the name has no wildcard.
    pub(crate) is_literal: bool,
    pub(crate) tag: Option<Text>,
    pub(crate) digest: Option<Text>,
}

/// A pattern over the original image.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Written {
    pub(crate) text: Text,
    pub(crate) glob: Glob,
}

/// Captures of the wildcards, in the order of the pattern, and the path below a trailing `/`.
#[derive(Debug, Default)]
pub(crate) struct Captures<'i> {
    pub(crate) taken: Vec<&'i str>,
    pub(crate) below: &'i str,
}

/// The kind of text that a wildcard captures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CaptureKind {
    /// Text in the registry; `whole` if it is the whole registry.
    Registry { whole: bool },
    /// A `**` in first place: the registry, and possibly segments after it.
    RegistryAndSegments,
    /// Text in a segment of the repository; `whole` if it is the whole segment.
    Segment { whole: bool },
    /// A `**` after the registry.
    Segments,
    /// Text in the tag.
    Tag,
    /// Text in the digest.
    Digest,
    /// Text of the original image.
    Written,
}

impl Pattern {
    /// Returns true if the image matches.
    pub(crate) fn matches(&self, image: &Image<'_>) -> bool {
        match self {
            Self::Parts(parts) => parts.matches(image),
            Self::Written(written) => written.glob.matches_searched(image.searched_text()),
        }
    }

    /// Returns the reason why an image does not match, in words.
    pub(crate) fn why_not(&self, image: &Image<'_>) -> String {
        match self {
            Self::Parts(parts) => parts.why_not(image),
            Self::Written(_) => format!("the pattern does not match the text `{}`", image.text),
        }
    }

    /// Returns the captures of an image that matches.
    pub(crate) fn captures<'i>(&self, image: &'i Image<'_>) -> Captures<'i> {
        let mut captures = Captures::default();
        match self {
            Self::Parts(parts) => parts.capture(image, &mut captures),
            Self::Written(written) => {
                written.glob.captures(image.searched_text(), &mut captures.taken);
            }
        }
        captures
    }

    /// Returns the kinds of the captures, from the left.
    pub(crate) fn capture_kinds(&self) -> Vec<CaptureKind> {
        match self {
            Self::Written(written) => vec![CaptureKind::Written; written.glob.stars()],
            Self::Parts(parts) => parts.capture_kinds(),
        }
    }

    /// Returns true for a name without a wildcard and without tag and digest. Two such patterns have no image in
    /// common unless one of them matches all images of the other.
    pub(crate) fn is_plain(&self) -> bool {
        match self {
            Self::Parts(parts) => parts.is_literal && parts.tag.is_none() && parts.digest.is_none(),
            Self::Written(_) => false,
        }
    }

    /// Returns true if a wildcard is in the registry, so that the pattern does not match images at home.
    pub(crate) fn is_open(&self) -> bool {
        match self {
            Self::Parts(parts) => parts.registry().contains('*'),
            Self::Written(written) => {
                let first = written.text.split('/').next().unwrap_or_default();
                first.contains(['*', '?', '['])
            }
        }
    }
}

impl PatternParts {
    /// Returns the registry of the name.
    pub(crate) fn registry(&self) -> &str {
        self.name.split('/').next().unwrap_or_default()
    }

    /// Returns the repository of the name; empty if it has none.
    pub(crate) fn path(&self) -> &str {
        self.name.split_once('/').map_or("", |(_, path)| path)
    }

    fn matches(&self, image: &Image<'_>) -> bool {
        self.matches_name(image) && self.matches_tag(image)
    }

    fn matches_name(&self, image: &Image<'_>) -> bool {
        // Most patterns are literal, and comparing texts is faster than matching segments.
        if self.is_literal {
            match image.name().strip_prefix(&*self.name) {
                Some("") => !self.below,
                Some(rest) => self.below && rest.starts_with('/'),
                None => false,
            }
        } else {
            match_segments(&self.name, self.below, image.name(), image.searched_path(), None).is_some()
        }
    }

    fn why_not(&self, image: &Image<'_>) -> String {
        if self.matches_name(image) {
            return match (&self.tag, image.compared_tag(), image.digest) {
                (Some(glob), Some(tag), _) if !match_glob(glob, tag) => match image.tag {
                    Some(_) => format!("the tag is `{tag}`"),
                    None => format!("the image has no tag, which means the tag `{tag}`"),
                },
                (Some(_), None, _) => "the image has no tag".to_owned(),
                (_, _, Some(digest)) => format!("the digest is `{digest}`"),
                (_, _, None) => "the image has no digest".to_owned(),
            };
        }
        // The most likely mistake of a new user: a repository without `/` at its end.
        let below = Self {
            below: true,
            ..self.clone()
        };
        if !self.below && below.matches_name(image) {
            return "the image is below the pattern, which matches one repository because it does not end in `/`"
                .to_owned();
        }
        let registry = self.registry();
        // `**` in first place matches every registry, so the registry cannot be the reason.
        if registry != ANY_SEGMENTS && !match_glob(registry, image.registry()) {
            return format!("the registry is `{}`", image.registry());
        }
        format!("the repository is `{}`", image.path())
    }

    /// Returns true if tag and digest match.
    pub(crate) fn matches_tag(&self, image: &Image<'_>) -> bool {
        let tag = self
            .tag
            .as_deref()
            .is_none_or(|glob| image.compared_tag().is_some_and(|tag| match_glob(glob, tag)));
        let digest = self
            .digest
            .as_deref()
            .is_none_or(|glob| image.digest.is_some_and(|digest| match_glob(glob, digest)));
        tag && digest
    }

    fn capture<'i>(&self, image: &'i Image<'_>, captures: &mut Captures<'i>) {
        let taken = &mut captures.taken;
        captures.below = match_segments(
            &self.name,
            self.below,
            image.name(),
            image.searched_path(),
            Some(&mut |text| taken.push(text)),
        )
        .unwrap_or_default();
        for (glob, text) in [(&self.tag, image.tag), (&self.digest, image.digest)] {
            let Some(glob) = glob else { continue };
            match text {
                Some(text) => {
                    capture_glob(glob, text, &mut |text| taken.push(text));
                }
                // An image without a tag: all wildcards capture the empty text.
                None => taken.extend(glob.bytes().filter(|byte| *byte == b'*').map(|_| "")),
            }
        }
    }

    fn capture_kinds(&self) -> Vec<CaptureKind> {
        let mut kinds = Vec::new();
        for (number, segment) in self.name.split('/').enumerate() {
            let kind = match (segment, number) {
                (ANY_SEGMENTS, 0) => CaptureKind::RegistryAndSegments,
                (ANY_SEGMENTS, _) => CaptureKind::Segments,
                (_, 0) => CaptureKind::Registry {
                    whole: segment == "*",
                },
                _ => CaptureKind::Segment {
                    whole: segment == "*",
                },
            };
            let count = if segment == ANY_SEGMENTS {
                1
            } else {
                segment.bytes().filter(|byte| *byte == b'*').count()
            };
            kinds.extend(std::iter::repeat_n(kind, count));
        }
        for (glob, kind) in [(&self.tag, CaptureKind::Tag), (&self.digest, CaptureKind::Digest)] {
            let count = glob
                .iter()
                .flat_map(|glob| glob.bytes())
                .filter(|byte| *byte == b'*')
                .count();
            kinds.extend(std::iter::repeat_n(kind, count));
        }
        kinds
    }
}

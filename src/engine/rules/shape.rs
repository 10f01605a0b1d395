//! The own images of a target: those that the target could have produced.
//!
//! They are described by the target with its placeholders open. `{path}` and `{written}` alone in a segment, and a
//! trailing `/`, match one segment or more; next to other text, and for captures of `**` and of globs, they match any
//! text. Every other placeholder matches any text without `/`. A part with only placeholders that can be empty may be
//! missing.

use super::image::Image;
use super::pattern::{CaptureKind, match_glob};
use super::template::{Placeholder, TemplatePiece, is_all_placeholders, pieces};
use crate::reference::{DOCKER_HUB, OFFICIAL};

/// The own images of a target with placeholders.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Shape {
    /// Registry, with a `*` for each capture.
    pub(crate) registry: Box<str>,
    pub(crate) segments: Box<[Segment]>,
    /// True if it ends in `/`.
    pub(crate) below: bool,
    /// True if the target names a tag or a digest. Then an image has no tag or digest that the target lacks.
    pub(crate) names_tag: bool,
    pub(crate) tag: Option<ShapePart>,
    pub(crate) digest: Option<ShapePart>,
}

/// A tag or a digest, with a `*` for each placeholder.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ShapePart {
    pub(crate) glob: Box<str>,
    /// True if it may be missing.
    pub(crate) optional: bool,
}

/// A segment of the repository.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Segment {
    /// One segment or more.
    Many,
    One {
        parts: Box<[SegmentPart]>,
        /// True if it may be missing.
        optional: bool,
        /// True if it is the capture of a whole `*` segment, which is never empty.
        is_whole: bool,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum SegmentPart {
    Literal(Box<str>),
    /// Any text without `/`.
    Star,
    /// Any text.
    Any,
}

impl Shape {
    /// Returns the own images of a target with these parts, each a template.
    pub(crate) fn new(
        registry: &str,
        path: &str,
        below: bool,
        [tag, digest]: [Option<&str>; 2],
        kinds: &[CaptureKind],
    ) -> Self {
        // A target `h.io/` has an empty path, which is not a segment.
        let segments = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| Segment::new(segment, kinds))
            .collect();
        let part = |template: Option<&str>| {
            template.map(|template| ShapePart {
                glob: open(template),
                optional: is_optional(template),
            })
        };
        Self {
            registry: open(registry),
            segments,
            below,
            names_tag: tag.is_some() || digest.is_some(),
            tag: part(tag),
            digest: part(digest),
        }
    }

    /// Returns true if an image is one of them.
    pub(crate) fn matches(&self, image: &Image<'_>) -> bool {
        match_glob(&self.registry, image.registry()) && self.matches_path(image) && self.matches_tag(image)
    }

    fn matches_tag(&self, image: &Image<'_>) -> bool {
        let matches = |part: &Option<ShapePart>, text: Option<&str>| match (part, text) {
            (None, None) => true,
            (None, Some(_)) => false,
            (Some(part), None) => part.optional,
            (Some(part), Some(text)) => match_glob(&part.glob, text),
        };
        // A target without tag and digest keeps both of the image, so every combination is an own image.
        !self.names_tag || (matches(&self.tag, image.tag) && matches(&self.digest, image.digest))
    }

    fn matches_path(&self, image: &Image<'_>) -> bool {
        let path = image.path();
        // On Docker Hub, a result of one segment gets `library/`.
        let short = path
            .strip_prefix(OFFICIAL)
            .filter(|name| image.registry() == DOCKER_HUB && !name.contains('/'));
        self.matches_segments(path) || short.is_some_and(|name| self.matches_segments(name))
    }

    /// Follows all possible matches at once, as a set of positions in the path: starts of segments, or the end.
    fn matches_segments(&self, path: &str) -> bool {
        let mut places = PathPlaces::default();
        places.insert(0);
        for segment in &self.segments {
            let mut next = PathPlaces::default();
            // The segment may be missing, so every position before it is one after it too.
            if let Segment::One { optional: true, .. } = segment {
                next = places;
            }
            let ends = match segment {
                Segment::Many => places.ends_of_segments(path),
                Segment::One { parts, .. } => {
                    parts.iter().fold(places.within(path), |places, part| match part {
                        SegmentPart::Literal(literal) => places.after(literal, path),
                        SegmentPart::Star => places.within_segment(path),
                        SegmentPart::Any => places.anywhere_behind(path),
                    })
                }
            };
            next.insert_starts_behind(ends, path);
            places = next;
        }
        if self.below {
            // A trailing `/` needs at least one more segment.
            places.iter().any(|place| place < path.len())
        } else {
            places.contains(path.len() + 1)
        }
    }
}

impl Segment {
    fn new(template: &str, kinds: &[CaptureKind]) -> Self {
        let mut all = pieces(template);
        let first = all.next();
        // Alone in a segment, these match whole segments; with other text they are `Any` below.
        if all.next().is_none()
            && matches!(
                first,
                Some(TemplatePiece::Placeholder(
                    Placeholder::Path | Placeholder::Written
                ))
            )
        {
            return Self::Many;
        }
        let kind_of = |number: usize| number.checked_sub(1).and_then(|at| kinds.get(at)).copied();
        let part = |piece| match piece {
            TemplatePiece::Literal(literal) => SegmentPart::Literal(literal.into()),
            TemplatePiece::Placeholder(Placeholder::Path | Placeholder::Written) => SegmentPart::Any,
            TemplatePiece::Placeholder(Placeholder::Capture(number)) => match kind_of(number) {
                Some(CaptureKind::Segments | CaptureKind::RegistryAndSegments | CaptureKind::Written) => {
                    SegmentPart::Any
                }
                _ => SegmentPart::Star,
            },
            TemplatePiece::Placeholder(_) => SegmentPart::Star,
        };
        // `*` as a whole segment matches at least one character, and so does its capture.
        let is_whole = match (first, pieces(template).count()) {
            (Some(TemplatePiece::Placeholder(Placeholder::Capture(number))), 1) => {
                matches!(
                    kind_of(number),
                    Some(CaptureKind::Segment { whole: true } | CaptureKind::Registry { whole: true })
                )
            }
            _ => false,
        };
        Self::One {
            parts: pieces(template).map(part).collect(),
            optional: is_optional(template),
            is_whole,
        }
    }
}

/// Returns true if a template has only placeholders that can be empty.
fn is_optional(template: &str) -> bool {
    is_all_placeholders(template)
        && pieces(template).all(|piece| match piece {
            TemplatePiece::Literal(_) => false,
            TemplatePiece::Placeholder(placeholder) => placeholder.can_be_empty(),
        })
}

/// Returns a template with a `*` for each placeholder.
fn open(template: &str) -> Box<str> {
    pieces(template)
        .map(|piece| match piece {
            TemplatePiece::Literal(literal) => literal,
            TemplatePiece::Placeholder(_) => "*",
        })
        .collect::<String>()
        .into()
}

/// A set of byte positions in a path, which has at most 263 bytes. The position after the end means that the path
/// ended with the segment before.
#[derive(Clone, Copy, Debug, Default)]
struct PathPlaces([u64; 5]);

impl PathPlaces {
    fn insert(&mut self, place: usize) {
        // A position beyond the last word belongs to a longer path than a reference can have, and is dropped.
        if let Some(word) = self.0.get_mut(place / 64) {
            *word |= 1 << (place % 64);
        }
    }

    fn contains(&self, place: usize) -> bool {
        self.0
            .get(place / 64)
            .is_some_and(|word| word & (1 << (place % 64)) != 0)
    }

    fn iter(&self) -> impl Iterator<Item = usize> {
        (0usize..).zip(self.0).flat_map(|(number, word)| {
            let mut left = word;
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros();
                left &= left.wrapping_sub(1);
                (bit < 64).then_some(number * 64 + bit as usize)
            })
        })
    }

    fn from_places(places: impl Iterator<Item = usize>) -> Self {
        let mut set = Self::default();
        places.for_each(|place| set.insert(place));
        set
    }

    /// Returns the positions at which a segment can begin.
    fn within(&self, path: &str) -> Self {
        Self::from_places(self.iter().filter(|place| *place < path.len()))
    }

    fn after(&self, literal: &str, path: &str) -> Self {
        let follows = |place: &usize| path.get(*place..).is_some_and(|rest| rest.starts_with(literal));
        Self::from_places(self.iter().filter(follows).map(|place| place + literal.len()))
    }

    /// Returns every position up to the end of the segment.
    fn within_segment(&self, path: &str) -> Self {
        Self::from_places(self.iter().flat_map(|place| {
            let rest = path.get(place..).unwrap_or_default();
            place..=place + rest.find('/').unwrap_or(rest.len())
        }))
    }

    fn anywhere_behind(&self, path: &str) -> Self {
        match self.iter().next() {
            Some(first) => Self::from_places(first..=path.len()),
            None => Self::default(),
        }
    }

    /// Returns the ends of the segments that begin at or after one of the positions.
    fn ends_of_segments(&self, path: &str) -> Self {
        match self.within(path).iter().next() {
            Some(first) => {
                let slashes = path.match_indices('/').map(|(slash, _)| slash);
                Self::from_places(slashes.filter(|slash| *slash > first).chain([path.len()]))
            }
            None => Self::default(),
        }
    }

    /// Adds the starts of the segments after these ends. After the end of the path, it adds the position that marks
    /// the end.
    fn insert_starts_behind(&mut self, ends: Self, path: &str) {
        for end in ends.iter() {
            if end == path.len() || path.get(end..).is_some_and(|rest| rest.starts_with('/')) {
                self.insert(end + 1);
            }
        }
    }
}

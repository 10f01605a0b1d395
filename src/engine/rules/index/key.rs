//! Keys of the index: the literal parts of a pattern or of the own images of a target.

use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;

use crate::reference::DOCKER_HUB;
use crate::rules::pattern::{Pattern, PatternParts};
use crate::rules::shape::{Segment, SegmentPart, Shape};
use crate::rules::target::Target;
use crate::rules::template::has_placeholder;

/// The part of an image that a key compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Registry and repository.
    Name,
    /// Registry and repository, and the tag.
    NameAndTag,
    /// The registry and the first segments of the repository.
    Below,
    /// The end of the registry, from one of its dots; empty for any registry.
    Suffix,
    /// The same, and the first segment of the repository.
    SuffixAndFirst,
    /// Host of a registry with a port.
    Host,
    /// The last segment of the repository.
    Last,
    /// The tag.
    Tag,
    /// The original image.
    Written,
    /// First segments of the original image.
    WrittenBelow,
    /// No key: the rule is always examined.
    Rest,
}

/// Text of a key, as a hash that grows segment by segment, so that one pass over a name gives the keys of all its
/// first segments.
#[derive(Clone, Copy)]
pub(super) struct IndexKey(u64);

impl IndexKey {
    // The fractional part of the golden ratio: an odd constant with well mixed bits, as in Fibonacci hashing.
    pub(super) const EMPTY: Self = Self(0x9e37_79b9_7f4a_7c15);

    pub(super) fn from_text(text: &str) -> Self {
        text.split('/').fold(Self::EMPTY, Self::segment)
    }

    /// Returns the key with a further segment.
    pub(super) fn segment(self, text: &str) -> Self {
        // A fixed seed, so that a set has the same index in every run. Equal hashes only cause needless examinations.
        let hash = FixedState::with_seed(0).hash_one(text);
        Self((self.0.rotate_left(23) ^ hash).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// Returns the hash, for rules for one namespace or for those for all.
    pub(super) fn hash(self, kind: Kind, namespace: Option<&str>) -> u64 {
        // The word keeps the key of a namespace apart from that of a longer name.
        let key = match namespace {
            Some(namespace) => self.segment(namespace).segment("namespace"),
            None => self,
        };
        (key.0 ^ kind as u64).wrapping_mul(0xd6e8_feb8_6659_fd93)
    }
}

pub(super) fn key_of(pattern: &Pattern) -> (Kind, IndexKey) {
    let of = |kind, text| (kind, IndexKey::from_text(text));
    match pattern {
        Pattern::Written(written) => {
            let text = &*written.text;
            match text.find(['*', '?', '[']) {
                None => of(Kind::Written, text),
                // Only whole segments are a key, because an image is looked up by whole segments.
                Some(at) => match text.get(..at).and_then(|before| before.rsplit_once('/')) {
                    Some((before, _)) => of(Kind::WrittenBelow, before),
                    None => (Kind::Rest, IndexKey::EMPTY),
                },
            }
        }
        Pattern::Parts(parts) if parts.is_literal && !parts.below => match &parts.tag {
            // With a tag the key is more specific. A glob of a tag cannot be looked up.
            Some(tag) if !tag.contains('*') && parts.digest.is_none() => {
                (Kind::NameAndTag, IndexKey::from_text(&parts.name).segment(tag))
            }
            _ => of(Kind::Name, &parts.name),
        },
        Pattern::Parts(parts) if !parts.registry().contains('*') => {
            of(Kind::Below, literal_segments(&parts.name))
        }
        Pattern::Parts(parts) => key_of_open(parts),
    }
}

/// Returns the key of a pattern with a wildcard in its registry.
fn key_of_open(parts: &PatternParts) -> (Kind, IndexKey) {
    let registry = parts.registry();
    let last = parts.path().rsplit('/').next().unwrap_or_default();
    // `**` matches any registry and any number of segments, so only the end of the pattern is literal.
    if registry == "**" {
        return if !parts.below && !last.is_empty() && !last.contains('*') {
            (Kind::Last, IndexKey::from_text(last))
        } else if let Some(tag) = parts.tag.as_deref().filter(|tag| !tag.contains('*')) {
            (Kind::Tag, IndexKey::from_text(tag))
        } else {
            (Kind::Rest, IndexKey::EMPTY)
        };
    }
    if let Some(host) = registry.strip_suffix(":*").filter(|host| !host.contains('*')) {
        return (Kind::Host, IndexKey::from_text(host));
    }
    let first = parts.path().split('/').next().unwrap_or_default();
    key_of_suffix(
        registry,
        (!first.is_empty() && !first.contains('*')).then_some(first),
    )
}

fn key_of_suffix(registry: &str, first: Option<&str>) -> (Kind, IndexKey) {
    // Only text from a dot on, because images are looked up by the ends of their registry that begin with one.
    let end = registry.rsplit('*').next().unwrap_or_default();
    let suffix = end.find('.').and_then(|dot| end.get(dot..)).unwrap_or_default();
    match first {
        Some(first) => (Kind::SuffixAndFirst, IndexKey::from_text(suffix).segment(first)),
        None => (Kind::Suffix, IndexKey::from_text(suffix)),
    }
}

pub(super) fn key_of_shape(target: &Target) -> (Kind, IndexKey) {
    let below = |name: &str| (Kind::Below, IndexKey::from_text(name));
    match target.shape() {
        None => {
            let name = target.name();
            if target.below {
                below(name)
            } else {
                (Kind::Name, IndexKey::from_text(name))
            }
        }
        Some(_) if has_placeholder(target.registry()) => key_of_suffix(&shape_registry(target), None),
        Some(shape) => below(&shape_prefix(target.registry(), shape)),
    }
}

fn shape_registry(target: &Target) -> Box<str> {
    target
        .shape()
        .map(|shape| shape.registry.clone())
        .unwrap_or_default()
}

/// Returns the registry and the literal segments that every own image begins with.
pub(crate) fn shape_prefix(registry: &str, shape: &Shape) -> String {
    let mut prefix = registry.to_owned();
    // On Docker Hub, a result of one segment gets `library/`, which changes its beginning.
    let is_long = registry != DOCKER_HUB || shape.segments.len() + usize::from(shape.below) > 1;
    let all_are_there = shape
        .segments
        .iter()
        .all(|segment| !matches!(segment, Segment::One { optional: true, .. }));
    if is_long && (all_are_there || registry != DOCKER_HUB) {
        for segment in &shape.segments {
            match segment {
                Segment::One { parts, .. } => match &**parts {
                    [SegmentPart::Literal(literal)] => {
                        prefix.push('/');
                        prefix.push_str(literal);
                    }
                    _ => break,
                },
                Segment::Many => break,
            }
        }
    }
    prefix
}

/// Returns the segments before the first one with a wildcard.
pub(crate) fn literal_segments(name: &str) -> &str {
    match name.find('*') {
        Some(star) => name
            .get(..star)
            .and_then(|before| before.rsplit_once('/'))
            .map_or("", |(before, _)| before),
        None => name,
    }
}

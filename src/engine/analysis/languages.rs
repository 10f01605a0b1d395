//! Patterns, own images and results of rules as regular languages of canonical names
//! (`docker.io/library/nginx:1@sha256:...`), to compare the images of rules.

use crate::automaton::{Builder, Bytes, Language};
use crate::reference::{DOCKER_HUB, OFFICIAL_IMAGES};
use crate::rules::pattern::{Pattern, PatternParts, match_glob};
use crate::rules::shape::{Segment, SegmentPart, ShapePart};
use crate::rules::target::Target;

/// Maximum number of states of a search: more than any pair of ordinary patterns has.
pub(crate) const BUDGET: usize = 20_000;

const NO_SLASH: Bytes = Bytes::all().except(b"/:@");
const PATH: Bytes = Bytes::all().except(b":@");
const REGISTRY: Bytes = Bytes::all().except(b"/@");
const TAG: Bytes = Bytes::all().except(b"/@");
const LOWER: Bytes = Bytes::range(b'a', b'z').union(Bytes::range(b'0', b'9'));
const WORD: Bytes = LOWER.union(Bytes::range(b'A', b'Z')).union(Bytes::one(b'_'));

/// Returns the images that a pattern matches.
pub(crate) fn of_pattern(pattern: &Pattern) -> Language {
    match pattern {
        Pattern::Written(written) => written.glob.language(),
        Pattern::Parts(parts) => {
            let mut builder = Builder::new();
            name(&mut builder, parts);
            tag_and_digest(&mut builder, parts);
            builder.finish()
        }
    }
}

fn name(builder: &mut Builder, parts: &PatternParts) {
    for (number, segment) in parts.name.split('/').enumerate() {
        match (segment, number) {
            ("**", 0) => {
                builder.many(REGISTRY).repeat(|more| {
                    more.literal("/").many(NO_SLASH);
                });
            }
            ("**", _) => {
                builder.repeat(|more| {
                    more.literal("/").many(NO_SLASH);
                });
            }
            (_, 0) => _ = builder.glob(segment, REGISTRY),
            _ => _ = builder.literal("/").glob(segment, NO_SLASH),
        }
    }
    if parts.below {
        builder.literal("/").many(PATH);
    }
}

fn tag_and_digest(builder: &mut Builder, parts: &PatternParts) {
    let any_digest = |builder: &mut Builder| {
        builder.optional(|digest| _ = digest.literal("@").any(Bytes::all()));
    };
    match (parts.tag.as_deref(), parts.digest.as_deref()) {
        (None, None) => {
            builder.optional(|tag| _ = tag.literal(":").any(TAG));
            any_digest(builder);
        }
        (Some(tag), None) => {
            let tagged = |builder: &mut Builder| {
                builder.literal(":").glob(tag, TAG);
                any_digest(builder);
            };
            if match_glob(tag, "latest") {
                builder.optional(tagged);
            } else {
                tagged(builder);
            }
        }
        (tag, Some(digest)) => {
            match tag {
                Some(tag) => _ = builder.literal(":").glob(tag, TAG),
                None => _ = builder.optional(|tag| _ = tag.literal(":").any(TAG)),
            }
            builder.literal("@").glob(digest, Bytes::all());
        }
    }
}

/// Returns the own images of a target, as the guard of its rule recognizes them.
pub(crate) fn of_shape(target: &Target) -> Language {
    shape(target, None)
}

/// Returns the results of a swap: the own images of its target, with the tags and digests that the pattern allows if
/// the target names none. A segment that is the capture of a whole `*` segment is never missing.
pub(crate) fn of_results(pattern: &Pattern, target: &Target) -> Language {
    shape(target, Some(pattern))
}

fn shape(target: &Target, from: Option<&Pattern>) -> Language {
    let segments = segments_of(target, from.is_some());
    let below = target.below;
    let mut builder = Builder::new();
    let in_full = |builder: &mut Builder| {
        builder.glob(&registry_of(target), REGISTRY);
        for segment in &segments {
            segment.append(builder, false);
        }
        if below {
            builder.literal("/").many(PATH);
        }
    };
    // On Docker Hub, a result of one segment gets the segment `library/`.
    let mut short: Vec<Option<&SegmentShape>> = Vec::new();
    if target.literal_registry() == Some(DOCKER_HUB) && target.shape().is_some() {
        for (number, segment) in segments.iter().enumerate() {
            let others_may_be_missing = segments
                .iter()
                .enumerate()
                .all(|(other, segment)| other == number || segment.optional);
            if others_may_be_missing && !below {
                short.push(Some(segment));
            }
        }
        if below && segments.iter().all(|segment| segment.optional) {
            short.push(None);
        }
    }
    let short_form = |builder: &mut Builder| {
        builder.literal(OFFICIAL_IMAGES);
        builder.any_of(&short, |builder, segment| match segment {
            Some(segment) => segment.append(builder, true),
            None => _ = builder.literal("/").many(NO_SLASH),
        });
    };
    if short.is_empty() {
        in_full(&mut builder);
    } else {
        builder.either(in_full, short_form);
    }
    if target.names_tag() {
        for (sign, part, any) in [(":", tag_of(target), TAG), ("@", digest_of(target), Bytes::all())] {
            let Some(part) = part else { continue };
            let append = |builder: &mut Builder| _ = builder.literal(sign).glob(&part.glob, any);
            if part.optional {
                builder.optional(append);
            } else {
                append(&mut builder);
            }
        }
    } else {
        match from {
            Some(Pattern::Parts(parts)) => tag_and_digest(&mut builder, parts),
            _ => {
                builder.optional(|tag| _ = tag.literal(":").any(TAG));
                builder.optional(|digest| _ = digest.literal("@").any(Bytes::all()));
            }
        }
    }
    builder.finish()
}

fn registry_of(target: &Target) -> Box<str> {
    target
        .shape()
        .map_or_else(|| target.registry().into(), |shape| shape.registry.clone())
}

fn tag_of(target: &Target) -> Option<ShapePart> {
    match target.shape() {
        Some(shape) => shape.tag.clone(),
        None => literal_part(target.tag()),
    }
}

fn digest_of(target: &Target) -> Option<ShapePart> {
    match target.shape() {
        Some(shape) => shape.digest.clone(),
        None => literal_part(target.digest()),
    }
}

fn literal_part(text: Option<&str>) -> Option<ShapePart> {
    text.map(|text| ShapePart {
        glob: text.into(),
        optional: false,
    })
}

struct SegmentShape {
    parts: Vec<SegmentPart>,
    many: bool,
    optional: bool,
}

fn segments_of(target: &Target, is_fine: bool) -> Vec<SegmentShape> {
    match target.shape() {
        Some(shape) => shape
            .segments
            .iter()
            .map(|segment| match segment {
                Segment::Many => SegmentShape {
                    parts: Vec::new(),
                    many: true,
                    optional: false,
                },
                Segment::One {
                    parts,
                    optional,
                    is_whole,
                } => SegmentShape {
                    parts: parts.to_vec(),
                    many: false,
                    optional: *optional && !(is_fine && *is_whole),
                },
            })
            .collect(),
        None => target
            .path()
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| SegmentShape {
                parts: vec![SegmentPart::Literal(segment.into())],
                many: false,
                optional: false,
            })
            .collect(),
    }
}

impl SegmentShape {
    /// Appends the segment after a `/`; as a segment on its own if it is the only one.
    fn append(&self, builder: &mut Builder, alone: bool) {
        let any = if alone { NO_SLASH } else { PATH };
        let append = |builder: &mut Builder| {
            builder.literal("/");
            if self.many {
                builder.many(any);
            }
            for part in &self.parts {
                match part {
                    SegmentPart::Literal(literal) => _ = builder.literal(literal),
                    SegmentPart::Star => _ = builder.any(NO_SLASH),
                    SegmentPart::Any => _ = builder.any(any),
                }
            }
        };
        if self.optional && !alone {
            builder.optional(append);
        } else {
            append(builder);
        }
    }
}

/// Returns every name below prefixes of `home`.
pub(crate) fn at_home<'h>(home: impl IntoIterator<Item = &'h Box<str>>) -> Language {
    let mut builder = Builder::new();
    builder.any_of(home, |builder, prefix| _ = builder.literal(prefix));
    builder.many(Bytes::all());
    builder.finish()
}

/// Returns every name that begins with a text, and the text itself.
pub(crate) fn from(prefix: &str) -> Language {
    let mut builder = Builder::new();
    builder.literal(prefix).any(Bytes::all());
    builder.finish()
}

/// Returns the canonical names, of any length. On Docker Hub a repository has at least two segments; [`short_hub`]
/// has those with fewer.
pub(crate) fn valid() -> Language {
    let mut builder = Builder::new();
    let label = LOWER.union(Bytes::one(b'-'));
    builder.either(
        |host| {
            host.many(label).repeat(|more| _ = more.literal(".").many(label));
        },
        |address| {
            address
                .literal("[")
                .many(
                    Bytes::range(b'0', b'9')
                        .union(Bytes::range(b'a', b'f'))
                        .union(Bytes::one(b':')),
                )
                .literal("]");
        },
    );
    builder.optional(|port| _ = port.literal(":").many(Bytes::range(b'0', b'9')));
    builder.literal("/");
    component(&mut builder);
    builder.repeat(|more| {
        more.literal("/");
        component(more);
    });
    builder.optional(|tag| {
        _ = tag
            .literal(":")
            .one(WORD)
            .any(WORD.union(Bytes::from_slice(b".-")))
    });
    builder.optional(|digest| {
        digest
            .literal("@")
            .either(
                |one| _ = one.literal("sha256:"),
                |other| _ = other.literal("sha512:"),
            )
            .many(Bytes::range(b'0', b'9').union(Bytes::range(b'a', b'f')));
    });
    builder.finish()
}

fn component(builder: &mut Builder) {
    builder.many(LOWER).repeat(|more| {
        more.either(
            |one| {
                one.either(
                    |dot| _ = dot.literal("."),
                    |underscore| {
                        underscore.literal("_").optional(|second| _ = second.literal("_"));
                    },
                );
            },
            |hyphens| _ = hyphens.many(Bytes::one(b'-')),
        );
        more.many(LOWER);
    });
}

/// Returns the names of Docker Hub with one segment, which are not canonical.
pub(crate) fn short_hub() -> Language {
    let mut builder = Builder::new();
    builder
        .literal(DOCKER_HUB)
        .literal("/")
        .many(NO_SLASH)
        .optional(|tag| _ = tag.one(Bytes::from_slice(b":@")).any(Bytes::all()));
    builder.finish()
}

/// Returns the original images, loosely, for globs.
pub(crate) fn spelled() -> Language {
    let mut builder = Builder::new();
    builder
        .one(WORD.union(Bytes::one(b'[')))
        .any(WORD.union(Bytes::from_slice(b".-:/[]@")));
    builder.finish()
}

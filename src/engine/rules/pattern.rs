//! Patterns, and how they match an image.
//!
//! A pattern keeps its text, which is compact and quick to read: nearly all patterns are literal, and those are
//! compared as a whole.

use crate::glob::Glob;

use super::image::Image;
use super::text::Text;

/// A compiled pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// Over the parts of an image.
    Parts(Parts),
    /// Over the image as it is spelled.
    Written(Box<Written>),
}

/// A pattern over the parts of an image, completed as images are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    /// Registry and repository, `docker.io/library/*`; without a trailing `/`.
    pub(super) name: Text,
    /// Whether it ends in `/`: what lies below is meant.
    pub(super) below: bool,
    /// Whether the name has no wildcard.
    pub(super) is_literal: bool,
    pub(super) tag: Option<Text>,
    pub(super) digest: Option<Text>,
}

/// A pattern over the image as it is spelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(super) text: Text,
    pub(super) glob: Glob,
}

/// A run of `*` of a pattern's text that is one wildcard.
const ANY_SEGMENTS: &str = "**";

/// What wildcards took from an image, in the order of the pattern, and what lies below a trailing `/`.
#[derive(Debug, Default)]
pub(super) struct Captures<'i> {
    pub(super) taken: Vec<&'i str>,
    pub(super) below: &'i str,
}

/// What a wildcard stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CaptureKind {
    /// Text in the registry.
    Registry,
    /// A `**` in first place: the registry, and perhaps segments behind it.
    RegistryAndSegments,
    /// Text in a segment of the repository; `whole` where the segment has nothing else.
    Segment { whole: bool },
    /// A `**` behind the registry.
    Segments,
    /// Text in the tag.
    Tag,
    /// Text in the digest.
    Digest,
    /// Text of the image as it is spelled.
    Written,
}

impl Pattern {
    /// Whether the image matches.
    pub(super) fn matches(&self, image: &Image<'_>) -> bool {
        match self {
            Self::Parts(parts) => parts.matches(image),
            Self::Written(written) => written.glob.matches(image.spelled),
        }
    }

    /// What the wildcards take from an image that matches.
    pub(super) fn captures<'i>(&self, image: &'i Image<'_>) -> Captures<'i> {
        let mut captures = Captures::default();
        match self {
            Self::Parts(parts) => parts.capture(image, &mut captures),
            Self::Written(written) => {
                written.glob.captures(image.spelled, &mut captures.taken);
            }
        }
        captures
    }

    /// What the wildcards stand for, from the left.
    pub(super) fn capture_kinds(&self) -> Vec<CaptureKind> {
        match self {
            Self::Written(written) => vec![CaptureKind::Written; written.glob.stars()],
            Self::Parts(parts) => parts.capture_kinds(),
        }
    }

    /// Whether a wildcard stands where a registry would, so that images that are at home are none of its own.
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

impl Parts {
    /// The registry's part of the name.
    pub(super) fn registry(&self) -> &str {
        self.name.split('/').next().unwrap_or_default()
    }

    /// The repository's part of the name; empty where there is none.
    pub(super) fn path(&self) -> &str {
        self.name.split_once('/').map_or("", |(_, path)| path)
    }

    fn matches(&self, image: &Image<'_>) -> bool {
        self.matches_name(image.name()) && self.matches_tag(image)
    }

    fn matches_name(&self, name: &str) -> bool {
        if self.is_literal {
            match name.strip_prefix(&*self.name) {
                Some("") => !self.below,
                Some(rest) => self.below && rest.starts_with('/'),
                None => false,
            }
        } else {
            match_segments(&self.name, self.below, name, &mut |_| {}).is_some()
        }
    }

    /// Whether tag and digest are as the pattern wants them.
    pub(super) fn matches_tag(&self, image: &Image<'_>) -> bool {
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
        captures.below = match_segments(&self.name, self.below, image.name(), &mut |text| taken.push(text))
            .unwrap_or_default();
        for (glob, text) in [(&self.tag, image.tag), (&self.digest, image.digest)] {
            let Some(glob) = glob else { continue };
            match text {
                Some(text) => {
                    capture_glob(glob, text, &mut |text| taken.push(text));
                }
                // An untagged image: it has nothing that could be taken.
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
                (_, 0) => CaptureKind::Registry,
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

/// Matches a glob with nothing but `*`, each of which takes as little as it can.
pub(super) fn match_glob(glob: &str, text: &str) -> bool {
    capture_glob(glob, text, &mut |_| {})
}

/// The same, and tells what each `*` takes. What was told counts only if it matches.
///
/// Linear: the text between two `*` is looked for from the left, and an earlier place is never worse.
fn capture_glob<'t>(glob: &str, text: &'t str, tell: &mut dyn FnMut(&'t str)) -> bool {
    let mut pieces = glob.split('*');
    let Some(mut rest) = text.strip_prefix(pieces.next().unwrap_or_default()) else {
        return false;
    };
    let Some(last) = pieces.next_back() else {
        return rest.is_empty();
    };
    for piece in pieces {
        let Some((taken, behind)) = rest.split_once(piece) else {
            return false;
        };
        tell(taken);
        rest = behind;
    }
    match rest.strip_suffix(last) {
        Some(taken) => {
            tell(taken);
            true
        }
        None => false,
    }
}

/// Matches segment by segment, tells what each wildcard takes, and gives what lies below. What was told counts
/// only if it matches.
///
/// The segments between two `**` are looked for from the left: an earlier place is never worse, and gives each
/// wildcard as little as it can have. Those behind the last `**` stand at the end.
fn match_segments<'t>(
    pattern: &str,
    below: bool,
    name: &'t str,
    tell: &mut dyn FnMut(&'t str),
) -> Option<&'t str> {
    let mut blocks = Blocks { rest: Some(pattern) };
    // What is left of the name; none once its last segment is taken.
    let mut rest = Some(name);
    let mut block = blocks.next()?;
    let mut is_first = true;
    if !block.is_empty() {
        rest = capture_block(block, rest, tell)?;
        is_first = false;
    }
    loop {
        let Some(next) = blocks.next() else {
            return match (below, rest) {
                (true, Some(rest)) => Some(rest),
                (false, None) => Some(""),
                _ => None,
            };
        };
        block = next;
        // Where the `**` before the block begins, and the least that it takes: as the first it has the registry.
        let start = rest;
        if is_first {
            rest = after_segment(rest?);
        }
        is_first = false;
        let is_last = blocks.rest.is_none();
        if is_last && !below {
            let at = last_segments(rest, count_segments(block))?;
            tell(between(start, at));
            rest = capture_block(block, at, tell)?;
            continue;
        }
        loop {
            if matches_block(block, rest) {
                tell(between(start, rest));
                rest = capture_block(block, rest, tell)?;
                break;
            }
            rest = after_segment(rest?);
        }
    }
}

/// The runs of segments between the `**` of a pattern; the first and the last may be empty.
struct Blocks<'p> {
    rest: Option<&'p str>,
}

impl<'p> Iterator for Blocks<'p> {
    type Item = &'p str;

    fn next(&mut self) -> Option<&'p str> {
        let rest = self.rest?;
        let mut start = 0;
        for segment in rest.split('/') {
            let end = start + segment.len();
            if segment == ANY_SEGMENTS {
                self.rest = Some(rest.get(end..)?.trim_start_matches('/'));
                return Some(rest.get(..start)?.trim_end_matches('/'));
            }
            start = end + 1;
        }
        self.rest = None;
        Some(rest)
    }
}

/// Matches a block at the start of what is left, and gives what is left behind it.
#[allow(
    clippy::option_option,
    reason = "no match, and a match up to the end, are two things"
)]
fn capture_block<'t>(
    block: &str,
    rest: Option<&'t str>,
    tell: &mut dyn FnMut(&'t str),
) -> Option<Option<&'t str>> {
    let mut rest = rest;
    if block.is_empty() {
        return Some(rest);
    }
    for glob in block.split('/') {
        let (segment, behind) = split_segment(rest?);
        if !capture_glob(glob, segment, tell) {
            return None;
        }
        rest = behind;
    }
    Some(rest)
}

fn matches_block(block: &str, rest: Option<&str>) -> bool {
    capture_block(block, rest, &mut |_| {}).is_some()
}

fn split_segment(text: &str) -> (&str, Option<&str>) {
    match text.split_once('/') {
        Some((segment, behind)) => (segment, Some(behind)),
        None => (text, None),
    }
}

fn after_segment(text: &str) -> Option<&str> {
    split_segment(text).1
}

fn count_segments(block: &str) -> usize {
    if block.is_empty() {
        0
    } else {
        block.split('/').count()
    }
}

/// The last segments of what is left, if there are as many.
#[allow(
    clippy::option_option,
    reason = "too few segments, and none at the end, are two things"
)]
fn last_segments(rest: Option<&str>, count: usize) -> Option<Option<&str>> {
    if count == 0 {
        return Some(None);
    }
    let rest = rest?;
    match rest.rmatch_indices('/').nth(count - 1) {
        Some((slash, _)) => Some(rest.get(slash + 1..)),
        None => (count_segments(rest) == count).then_some(Some(rest)),
    }
}

/// The segments from where one remainder begins to where a later one does, without the `/` at their end.
fn between<'t>(start: Option<&'t str>, end: Option<&'t str>) -> &'t str {
    let start = start.unwrap_or_default();
    match end {
        Some(end) => start
            .get(..start.len() - end.len())
            .unwrap_or_default()
            .trim_end_matches('/'),
        None => start,
    }
}

//! Patterns by their first segments, to find those that may match a result.
//!
//! A swap is compared only with patterns whose segments may be those of its results, one by one from the registry on. So
//! rules that differ in any of their first segments are not compared, also behind a wildcard.

use super::choices::Choices;
use super::required::{ByRequired, Required};
use crate::reference::DOCKER_HUB;
use crate::rules::pattern::{Pattern, PatternParts, match_glob};
use crate::rules::shape::{Segment, SegmentPart, ShapePart};
use crate::rules::target::Target;

/// Patterns by their first segments.
#[derive(Default)]
pub(crate) struct Trie<'p> {
    /// Nodes; the root is the first one.
    nodes: Vec<TrieNode<'p>>,
}

#[derive(Default)]
struct TrieNode<'p> {
    /// Nodes behind a segment.
    segments: Choices<'p>,
    /// Nodes of patterns whose first segments end here, by their last segment.
    last: Choices<'p>,
    /// Nodes of patterns by their tag, or by their digest if they have no tag.
    tags: Choices<'p>,
    digests: Choices<'p>,
    /// Patterns without any of these, and of rules without required values.
    patterns: Vec<usize>,
    /// The others without any of these.
    required: ByRequired<'p>,
}

/// Parts of all images of a kind. They may have wildcards.
#[derive(Debug, Default)]
pub(crate) struct FirstParts<S> {
    /// First segments, from the registry on.
    pub(crate) segments: Vec<S>,
    /// The last segment, if it is known.
    pub(crate) last: Option<S>,
    /// The tag, if it is known. It may be missing if it matches `latest`.
    pub(crate) tag: Option<S>,
    /// The digest, if it is known.
    pub(crate) digest: Option<S>,
}

impl<'p> Trie<'p> {
    /// Returns patterns, each with its index as its number, and with the conditions of its rule.
    pub(crate) fn with_required(rules: &[(&'p Pattern, Vec<Required<'p>>)]) -> Self {
        let conditions: Vec<_> = rules.iter().map(|(_, required)| required.clone()).collect();
        let rarest = Required::rarest(&conditions);
        let patterns = rules.iter().map(|(pattern, _)| FirstParts::of_pattern(pattern));
        Self::filed((0..).zip(patterns).zip(rarest))
    }

    /// Returns patterns by their first parts, in the order of their numbers.
    pub(crate) fn of(patterns: impl Iterator<Item = (usize, FirstParts<&'p str>)>) -> Self {
        Self::filed(patterns.map(|pattern| (pattern, None)))
    }

    fn filed(patterns: impl Iterator<Item = ((usize, FirstParts<&'p str>), Option<Required<'p>>)>) -> Self {
        let mut trie = Self {
            nodes: vec![TrieNode::default()],
        };
        for ((number, parts), required) in patterns {
            let mut node = 0;
            for segment in parts.segments {
                node = trie.child(node, |node| &mut node.segments, segment);
            }
            if let Some(last) = parts.last {
                node = trie.child(node, |node| &mut node.last, last);
            }
            if let Some(tag) = parts.tag {
                node = trie.child(node, |node| &mut node.tags, tag);
            } else if let Some(digest) = parts.digest {
                node = trie.child(node, |node| &mut node.digests, digest);
            }
            match (trie.nodes.get_mut(node), required) {
                (Some(node), Some(required)) => node.required.add(required, number),
                (Some(node), None) => node.patterns.push(number),
                (None, _) => {}
            }
        }
        for node in &mut trie.nodes {
            node.segments.finish();
            node.last.finish();
            node.tags.finish();
            node.digests.finish();
        }
        trie
    }

    fn child(
        &mut self,
        node: usize,
        choices: impl for<'n> Fn(&'n mut TrieNode<'p>) -> &'n mut Choices<'p>,
        text: &'p str,
    ) -> usize {
        let next = self.nodes.len();
        let Some(node) = self.nodes.get_mut(node) else {
            return next;
        };
        let child = choices(node).value(text, next);
        if child == next {
            self.nodes.push(TrieNode::default());
        }
        child
    }

    /// Returns the patterns that may match a result of a swap with these conditions, among them all that do, in order.
    pub(crate) fn alike_in(
        &self,
        pattern: &Pattern,
        target: &Target,
        conditions: &[Required<'_>],
    ) -> Vec<usize> {
        let first_parts = FirstParts::of_results(pattern, target);
        let (mut found, _) = self.find(&first_parts, conditions, 0, usize::MAX, usize::MAX);
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Returns patterns from a number on that may match an image with these first parts, and true if there are no others:
    /// the search ends after a maximum number of patterns, or of nodes.
    pub(crate) fn alike_from<S: AsRef<str>>(
        &self,
        parts: &FirstParts<S>,
        first: usize,
        most: usize,
        most_nodes: usize,
    ) -> (Vec<usize>, bool) {
        self.find(parts, &[], first, most, most_nodes)
    }

    fn find<S: AsRef<str>>(
        &self,
        parts: &FirstParts<S>,
        conditions: &[Required<'_>],
        first: usize,
        most: usize,
        most_nodes: usize,
    ) -> (Vec<usize>, bool) {
        let mut found = Vec::new();
        let mut nodes_left = most_nodes;
        // A node, and the number of segments before it.
        let mut open = vec![(0, 0)];
        while let Some((node, depth)) = open.pop() {
            let Some(node) = self.nodes.get(node) else {
                continue;
            };
            let behind = node.patterns.partition_point(|number| *number < first);
            let patterns = node.patterns.get(behind..).unwrap_or_default();
            let (true, Some(left)) = (patterns.len() <= most - found.len(), nodes_left.checked_sub(1)) else {
                found.extend(patterns.iter().take(most - found.len()));
                return (found, false);
            };
            nodes_left = left;
            found.extend(patterns);
            found.extend(node.required.alike(conditions).flatten());
            // Nothing is known of further segments.
            let segment = parts.segments.get(depth).map(AsRef::as_ref);
            let behind = node.segments.alike(segment).map(|child| (child, depth + 1));
            let [last, tag, digest] =
                [&parts.last, &parts.tag, &parts.digest].map(|part| part.as_ref().map(AsRef::as_ref));
            // The nodes of these have no segments.
            let ends = node
                .last
                .alike(last)
                .chain(node.tags.alike(tag))
                .chain(node.digests.alike(digest));
            // Of more nodes than are left, one is enough to end the search.
            let children = behind.chain(ends.map(|child| (child, depth)));
            open.extend(children.take(nodes_left.saturating_add(1)));
        }
        (found, true)
    }
}

impl<'p> FirstParts<&'p str> {
    /// Returns the parts that every match of a pattern has, the segments up to the first `**`.
    pub(crate) fn of_pattern(pattern: &'p Pattern) -> Self {
        let segments = segments_of_pattern(pattern).collect();
        match pattern {
            Pattern::Parts(parts) => Self {
                segments,
                // The segments of a name without wildcards are all known.
                last: last_segment(parts).filter(|_| !parts.is_literal),
                tag: parts.tag.as_deref(),
                digest: parts.digest.as_deref(),
            },
            Pattern::Written(_) => Self {
                segments,
                ..Self::default()
            },
        }
    }
}

impl FirstParts<String> {
    /// Returns the parts that every result of a swap has.
    fn of_results(pattern: &Pattern, target: &Target) -> Self {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let (tag, digest) = match (target.names_tag(), target.shape(), pattern) {
            (true, Some(shape), _) => {
                let required = |part: &Option<ShapePart>| {
                    let part = part.as_ref().filter(|part| !part.optional);
                    owned(part.map(|part| &*part.glob))
                };
                (required(&shape.tag), required(&shape.digest))
            }
            (true, None, _) => (owned(target.tag()), owned(target.digest())),
            // The results have the tags and digests of the images that the pattern matches.
            (false, _, Pattern::Parts(parts)) => {
                (owned(parts.tag.as_deref()), owned(parts.digest.as_deref()))
            }
            (false, _, Pattern::Written(_)) => (None, None),
        };
        Self {
            segments: segments_of_results(target),
            last: last_segment_of_results(target),
            tag,
            digest,
        }
    }
}

/// Returns the last segment of every name that a pattern matches, with its wildcards; `None` if it is any segment.
pub(crate) fn last_segment(parts: &PatternParts) -> Option<&str> {
    let last = parts.name.rsplit('/').next().filter(|last| *last != "**");
    last.filter(|_| !parts.below)
}

/// Returns the segments, from the registry on, that every match of a pattern has, up to the first `**`. They may have
/// wildcards.
fn segments_of_pattern(pattern: &Pattern) -> impl Iterator<Item = &str> {
    let text: &str = match pattern {
        Pattern::Parts(parts) => &parts.name,
        Pattern::Written(written) => {
            let literal = written.text.split(['*', '?', '[']).next().unwrap_or_default();
            // The last segment may go on.
            literal.rsplit_once('/').map_or("**", |(before, _)| before)
        }
    };
    text.split('/').take_while(|segment| *segment != "**")
}

/// Returns the segments, from the registry on, that every result of a target has. Each `*` is any text without a `/`.
fn segments_of_results(target: &Target) -> Vec<String> {
    let Some(shape) = target.shape() else {
        return target.name().split('/').map(str::to_owned).collect();
    };
    let mut segments = vec![shape.registry.to_string()];
    // On Docker Hub, a result of one segment gets `library/`, which moves the segment.
    let least = shape.segments.iter().filter(|segment| is_there(segment)).count() + usize::from(shape.below);
    if match_glob(&shape.registry, DOCKER_HUB) && least < 2 {
        return segments;
    }
    for segment in &shape.segments {
        match glob_of(segment) {
            Some(glob) => segments.push(glob),
            None => break,
        }
    }
    segments
}

/// Returns the last segment of every result of a target; `None` if it is not known.
fn last_segment_of_results(target: &Target) -> Option<String> {
    match target.shape() {
        _ if target.below => None,
        None => target.path().rsplit('/').next().map(str::to_owned),
        Some(shape) => glob_of(shape.segments.last()?),
    }
}

/// Returns true if a segment is in every result: the capture of a whole segment is never missing.
fn is_there(segment: &Segment) -> bool {
    match segment {
        Segment::Many => true,
        Segment::One {
            optional, is_whole, ..
        } => !optional || *is_whole,
    }
}

/// Returns a segment of results as a glob; `None` if it may be missing or may be several segments.
fn glob_of(segment: &Segment) -> Option<String> {
    let Segment::One { parts, .. } = segment else {
        return None;
    };
    let is_open = parts.iter().any(|part| matches!(part, SegmentPart::Any));
    let glob = || {
        parts.iter().map(|part| match part {
            SegmentPart::Literal(literal) => &**literal,
            SegmentPart::Star | SegmentPart::Any => "*",
        })
    };
    (is_there(segment) && !is_open).then(|| glob().collect())
}

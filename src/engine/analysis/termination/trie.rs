//! Patterns by their first segments, to find those that may match a result.
//!
//! A swap is compared only with patterns whose segments may be those of its results, one by one from the registry on. So
//! rules that differ in any of their first segments are not compared, also behind a wildcard.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::reference::DOCKER_HUB;
use crate::rules::pattern::{Pattern, match_glob};
use crate::rules::shape::{Segment, SegmentPart};
use crate::rules::target::Target;

/// Patterns by their first segments.
#[derive(Default)]
pub(crate) struct Trie<'p> {
    /// Nodes; the root is the first one.
    nodes: Vec<TrieNode<'p>>,
}

#[derive(Default)]
struct TrieNode<'p> {
    /// Nodes behind a literal segment.
    literal: BTreeMap<&'p str, usize>,
    /// Nodes behind a segment with wildcards, by the text before the first one.
    globs: BTreeMap<&'p str, Vec<(&'p str, usize)>>,
    /// Patterns whose first segments end here.
    patterns: Vec<usize>,
}

impl<'p> Trie<'p> {
    pub(crate) fn new(patterns: impl Iterator<Item = &'p Pattern>) -> Self {
        let mut trie = Self {
            nodes: vec![TrieNode::default()],
        };
        for (number, pattern) in patterns.enumerate() {
            let mut node = 0;
            for segment in segments_of_pattern(pattern) {
                node = trie.child(node, segment);
            }
            if let Some(node) = trie.nodes.get_mut(node) {
                node.patterns.push(number);
            }
        }
        trie
    }

    fn child(&mut self, node: usize, segment: &'p str) -> usize {
        let next = self.nodes.len();
        let Some(node) = self.nodes.get_mut(node) else {
            return next;
        };
        let child = match segment.split_once('*') {
            None => *node.literal.entry(segment).or_insert(next),
            Some((before, _)) => {
                let globs = node.globs.entry(before).or_default();
                match globs.iter().find(|(glob, _)| *glob == segment) {
                    Some((_, child)) => *child,
                    None => {
                        globs.push((segment, next));
                        next
                    }
                }
            }
        };
        if child == next {
            self.nodes.push(TrieNode::default());
        }
        child
    }

    /// Returns the patterns that may match a result of a target, among them all that do.
    pub(crate) fn alike(&self, target: &Target) -> Vec<usize> {
        let segments = segments_of_results(target);
        let mut found = Vec::new();
        // A node, and the number of segments before it.
        let mut open = vec![(0, 0)];
        while let Some((node, depth)) = open.pop() {
            let Some(node) = self.nodes.get(node) else {
                continue;
            };
            found.extend(&node.patterns);
            let mut add = |child: usize| open.push((child, depth + 1));
            match segments
                .get(depth)
                .map(|segment| (segment.as_str(), segment.split_once('*')))
            {
                // Nothing is known of further segments.
                None => {
                    node.literal.values().for_each(|child| add(*child));
                    node.globs.values().flatten().for_each(|(_, child)| add(*child));
                }
                Some((literal, None)) => {
                    node.literal
                        .get(literal)
                        .into_iter()
                        .for_each(|child| add(*child));
                    let globs = node.globs_before(literal);
                    globs
                        .filter(|(glob, _)| match_glob(glob, literal))
                        .for_each(|(_, child)| add(*child));
                }
                Some((glob, Some((before, _)))) => {
                    let literal =
                        from(&node.literal, before).filter(|(literal, _)| match_glob(glob, literal));
                    literal.for_each(|(_, child)| add(*child));
                    let longer = from(&node.globs, before).flat_map(|(_, globs)| globs);
                    let shorter = node
                        .globs_before(before)
                        .filter(|(other, _)| !other.starts_with(before));
                    longer
                        .chain(shorter)
                        .filter(|(other, _)| end_alike(glob, other))
                        .for_each(|(_, child)| add(*child));
                }
            }
        }
        found
    }
}

impl<'p> TrieNode<'p> {
    /// Returns the segments with wildcards whose text before the first one begins a text, or is all of it.
    fn globs_before<'n>(&'n self, text: &'n str) -> impl Iterator<Item = &'n (&'p str, usize)> {
        let ends = (0..=text.len()).filter_map(|end| self.globs.get(text.get(..end)?));
        ends.flatten()
    }
}

/// Returns the entries whose key begins with a text.
fn from<'m, V>(map: &'m BTreeMap<&str, V>, start: &'m str) -> impl Iterator<Item = (&'m str, &'m V)> {
    map.range::<str, _>((Bound::Included(start), Bound::Unbounded))
        .take_while(move |(key, _)| key.starts_with(start))
        .map(|(key, value)| (*key, value))
}

/// Returns true if the texts behind the last wildcards of two segments allow a common match.
fn end_alike(one: &str, other: &str) -> bool {
    let end = |text: &'_ str| text.rsplit('*').next().map_or(0, str::len);
    let common = end(one).min(end(other));
    let tail = |text: &'_ str| text.len() - common;
    one.get(tail(one)..) == other.get(tail(other)..)
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
    // The capture of a whole segment is never missing.
    let is_there = |segment: &Segment| match segment {
        Segment::Many => true,
        Segment::One {
            optional, is_whole, ..
        } => !optional || *is_whole,
    };
    let is_open = |segment: &Segment| match segment {
        Segment::Many => true,
        Segment::One { parts, .. } => parts.iter().any(|part| matches!(part, SegmentPart::Any)),
    };
    // On Docker Hub, a result of one segment gets `library/`, which moves the segment.
    let least = shape.segments.iter().filter(|segment| is_there(segment)).count() + usize::from(shape.below);
    if match_glob(&shape.registry, DOCKER_HUB) && least < 2 {
        return segments;
    }
    for segment in &shape.segments {
        let Segment::One { parts, .. } = segment else {
            break;
        };
        if !is_there(segment) || is_open(segment) {
            break;
        }
        segments.push(
            parts
                .iter()
                .map(|part| match part {
                    SegmentPart::Literal(literal) => &**literal,
                    SegmentPart::Star | SegmentPart::Any => "*",
                })
                .collect(),
        );
    }
    segments
}

//! Pairs of rules that may match the same image.
//!
//! Only the rules whose patterns begin and end alike are paired. If a set is large, so are only pairs of which one rule
//! differs between the sets: an image that two equal rules share is decided by the same one of them in both sets, unless
//! another rule, which has pairs of its own, comes before them.

use super::partners::Partners;
use crate::analysis::termination::{FirstParts, Trie, ends_are_alike, last_segment};
use crate::rules::Compiled;
use crate::rules::pattern::Pattern;

/// In a smaller set, rules that do not differ are paired too.
const LARGE: usize = 256;

/// Maximum number of examined pairs: this many, and some for each rule.
const MOST: usize = 8_192;
const OF_A_RULE: usize = 16;

/// Maximum number of rules that are considered for the pairs of one.
const CONSIDERED: usize = 512;
/// Maximum number of nodes of the tree that are visited for them: a rule has a few.
const NODES: usize = 4_096;

/// The rules of a set, to find pairs.
pub(super) struct RulePairs<'s> {
    set: &'s Compiled,
    /// All rules.
    all: Trie<'s>,
    /// Rules that may be paired with rules that do not differ.
    changed: Trie<'s>,
    is_changed: Box<[bool]>,
    /// Number of pairs that may still be examined, up to the last rule that was asked for.
    left: usize,
}

impl<'s> RulePairs<'s> {
    /// Returns the pairs of a set.
    pub(super) fn new(side: usize, set: &'s Compiled, partners: Option<&Partners<'s>>) -> Self {
        let of_small = set.len() <= LARGE;
        let is_changed: Box<[bool]> = (0..set.len())
            .map(|number| of_small || partners.is_none_or(|partners| partners.differs(side, number)))
            .collect();
        let rules = || {
            set.rules
                .iter()
                .map(|rule| first_parts(&rule.pattern))
                .enumerate()
        };
        let changed = rules().filter(|(number, _)| is_changed.get(*number) == Some(&true));
        Self {
            set,
            all: Trie::of(rules()),
            changed: Trie::of(changed),
            is_changed,
            left: MOST,
        }
    }

    fn is_changed(&self, number: usize) -> bool {
        self.is_changed.get(number).is_some_and(|changed| *changed)
    }

    /// Returns rules below a rule, one of which may match an image of that rule; false, if a limit excludes some. Every
    /// rule of the set is to be asked for once.
    pub(super) fn below(&mut self, number: usize) -> (Vec<usize>, bool) {
        self.left += OF_A_RULE;
        let Some(rule) = self.set.rules.get(number) else {
            return (Vec::new(), true);
        };
        let others = match self.is_changed(number) {
            true => &self.all,
            false => &self.changed,
        };
        let first_parts = first_parts(&rule.pattern);
        let (mut below, mut is_whole) = others.alike_from(&first_parts, number + 1, CONSIDERED, NODES);
        below.sort_unstable();
        below.retain(|other| {
            let other = self.set.rules.get(*other).map(|other| &other.pattern);
            other.is_some_and(|other| {
                !(rule.pattern.is_plain() && other.is_plain()) && may_share(&rule.pattern, other)
            })
        });
        is_whole &= below.len() <= self.left;
        below.truncate(self.left);
        self.left -= below.len();
        (below, is_whole)
    }
}

/// Returns the first parts of the canonical names that a pattern matches.
fn first_parts(pattern: &Pattern) -> FirstParts<&str> {
    match pattern {
        Pattern::Parts(_) => FirstParts::of_pattern(pattern),
        // An original image may have no registry.
        Pattern::Written(_) => FirstParts::default(),
    }
}

/// Returns true if the ends of two patterns allow a common image.
fn may_share(one: &Pattern, other: &Pattern) -> bool {
    let (Pattern::Parts(one), Pattern::Parts(other)) = (one, other) else {
        return true;
    };
    [
        (last_segment(one), last_segment(other)),
        (one.tag.as_deref(), other.tag.as_deref()),
        (one.digest.as_deref(), other.digest.as_deref()),
    ]
    .into_iter()
    .all(|pair| match pair {
        (Some(one), Some(other)) => ends_are_alike(one, other),
        _ => true,
    })
}

//! The lists of rules, by key.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use smallvec::SmallVec;

use super::key::{IndexKey, Kind, key_of, key_of_shape};
use crate::context::Subject;
use crate::pieces::{self, GlobPiece};
use crate::rules::condition::Condition;
use crate::rules::id::RuleId;
use crate::rules::image::Image;
use crate::rules::pattern::Pattern;
use crate::rules::target::Target;

/// Rules, by the keys of their patterns.
#[derive(Debug, Default)]
pub(crate) struct RuleIndex {
    lists: HashMap<u64, List, BuildHasherDefault<Hashed>>,
    /// The rules of all lists, in the order of the set within each list.
    rules: Box<[RuleId]>,
    /// Kinds of the keys, as bits.
    kinds: u16,
    /// True if rules are filed by namespace too.
    has_namespaces: bool,
    /// Length of the longest key that is the end of a registry. A registry can have any length, and any number of
    /// dots.
    longest_suffix: usize,
}

#[derive(Clone, Copy, Debug)]
struct List {
    start: u32,
    length: u32,
}

/// A hasher for keys that are hashes.
#[derive(Debug, Default)]
struct Hashed(u64);

impl std::hash::Hasher for Hashed {
    // Keys of this map are hashes already, so hashing them again would only take time.
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 << 8) | u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Collects rules for an index.
#[derive(Debug, Default)]
pub(crate) struct IndexBuilder {
    filed: Vec<(u64, RuleId)>,
    /// Rules for original images without another key, with their pieces.
    by_piece: Vec<(RuleId, Vec<GlobPiece>)>,
    kinds: u16,
    has_namespaces: bool,
    longest_suffix: usize,
}

impl IndexBuilder {
    /// Files a rule by its pattern, and by the namespaces that its conditions name.
    pub(crate) fn add<'c>(
        &mut self,
        rule: RuleId,
        pattern: &Pattern,
        conditions: impl Iterator<Item = &'c Condition>,
    ) {
        let (kind, key) = key_of(pattern);
        if let Pattern::Parts(parts) = pattern {
            // The longest one bounds the number of ends that are looked up for an image with many dots.
            self.longest_suffix = self.longest_suffix.max(parts.registry().len());
        }
        let mut namespaces = conditions.filter(|condition| {
            condition.subject == Subject::Namespace
                && !condition.negated
                // A glob or a `not` matches namespaces that are not known here, so such a rule is filed for all of
                // them.
                && condition.values.iter().all(|value| !value.contains('*'))
        });
        match namespaces.next() {
            Some(condition) => {
                self.has_namespaces = true;
                let mut values: Vec<&str> = condition.values.iter().map(|value| &**value).collect();
                // The same value twice would list the rule twice.
                values.sort_unstable();
                values.dedup();
                for value in values {
                    self.file(kind, key.hash(kind, Some(value)), rule);
                }
            }
            None => match pattern {
                Pattern::Written(written) if kind == Kind::Rest => {
                    self.by_piece.push((rule, pieces::of_glob(&written.glob)));
                }
                _ => self.file(kind, key.hash(kind, None), rule),
            },
        }
    }

    /// Files a rule by the own images of its target.
    pub(crate) fn add_shape(&mut self, rule: RuleId, target: &Target) {
        let (kind, key) = key_of_shape(target);
        self.longest_suffix = self.longest_suffix.max(target.registry().len());
        self.file(kind, key.hash(kind, None), rule);
    }

    fn file(&mut self, kind: Kind, hash: u64, rule: RuleId) {
        self.kinds |= 1 << kind as u16;
        self.filed.push((hash, rule));
    }

    fn file_by_piece(&mut self) {
        let (rules, pieces): (Vec<RuleId>, Vec<Vec<GlobPiece>>) =
            std::mem::take(&mut self.by_piece).into_iter().unzip();
        for (rule, piece) in rules.into_iter().zip(pieces::rarest(pieces.len(), |at| {
            pieces.get(at).cloned().unwrap_or_default()
        })) {
            let (kind, key) = match piece {
                Some(piece) => (Kind::Piece, IndexKey::from_piece(piece)),
                None => (Kind::Rest, IndexKey::EMPTY),
            };
            self.file(kind, key.hash(kind, None), rule);
        }
    }

    pub(crate) fn finish(mut self) -> RuleIndex {
        self.file_by_piece();
        // By hash, and by rule within a hash: so each list is in the order of the set.
        self.filed.sort_unstable();
        let mut lists: HashMap<u64, List, BuildHasherDefault<Hashed>> = HashMap::default();
        for (place, (hash, _)) in (0u32..).zip(&self.filed) {
            lists
                .entry(*hash)
                .or_insert(List {
                    start: place,
                    length: 0,
                })
                .length += 1;
        }
        // The set lives until the next reload, and may be large.
        lists.shrink_to_fit();
        RuleIndex {
            lists,
            rules: self.filed.into_iter().map(|(_, rule)| rule).collect(),
            kinds: self.kinds,
            has_namespaces: self.has_namespaces,
            longest_suffix: self.longest_suffix,
        }
    }
}

/// Rules that may match an image, in the order of the set.
pub(crate) struct Candidates<'i> {
    lists: SmallVec<[&'i [RuleId]; 12]>,
}

impl RuleIndex {
    /// Returns the rules that may match the image, among them all that do.
    pub(crate) fn candidates<'i>(&'i self, image: &Image<'_>, namespace: Option<&str>) -> Candidates<'i> {
        let mut found = Candidates {
            lists: SmallVec::new(),
        };
        let mut look = |kind: Kind, key: IndexKey| {
            if self.has(kind) {
                found.add(self.list(key.hash(kind, None)));
                if self.has_namespaces && namespace.is_some() {
                    found.add(self.list(key.hash(kind, namespace)));
                }
            }
        };
        let whole = each_prefix(image.name(), |key| look(Kind::Below, key));
        look(Kind::Name, whole);
        if let Some(tag) = image.compared_tag() {
            look(Kind::NameAndTag, whole.segment(tag));
            if self.has(Kind::Tag) {
                look(Kind::Tag, IndexKey::from_text(tag));
            }
        }
        let path = image.path();
        if self.has(Kind::Last) {
            look(
                Kind::Last,
                IndexKey::from_text(path.rsplit('/').next().unwrap_or_default()),
            );
        }
        if self.has(Kind::Suffix) || self.has(Kind::SuffixAndFirst) {
            let (registry, first) = (image.registry(), path.split('/').next().unwrap_or_default());
            let end = registry.len().saturating_sub(self.longest_suffix);
            let dots = registry.match_indices('.').filter(|(dot, _)| *dot >= end);
            for suffix in dots.filter_map(|(dot, _)| registry.get(dot..)).chain([""]) {
                let key = IndexKey::from_text(suffix);
                look(Kind::Suffix, key);
                look(Kind::SuffixAndFirst, key.segment(first));
            }
        }
        if self.has(Kind::Host)
            && let Some((host, _)) = image.registry().rsplit_once(':')
        {
            look(Kind::Host, IndexKey::from_text(host));
        }
        if self.has(Kind::Written) || self.has(Kind::WrittenBelow) {
            let whole = each_prefix(image.text, |key| look(Kind::WrittenBelow, key));
            look(Kind::Written, whole);
        }
        look(Kind::Rest, IndexKey::EMPTY);
        if self.has(Kind::Piece) {
            for piece in pieces::of(image.text) {
                found.add_once(self.list(IndexKey::from_piece(piece).hash(Kind::Piece, None)));
            }
        }
        found
    }

    fn has(&self, kind: Kind) -> bool {
        self.kinds & (1 << kind as u16) != 0
    }

    fn list(&self, hash: u64) -> &[RuleId] {
        self.lists
            .get(&hash)
            .and_then(|list| {
                self.rules
                    .get(list.start as usize..(list.start + list.length) as usize)
            })
            .unwrap_or_default()
    }
}

/// Visits the key of each run of first segments, the whole text included, and returns the key of the whole text.
fn each_prefix(text: &str, mut look: impl FnMut(IndexKey)) -> IndexKey {
    text.split('/').fold(IndexKey::EMPTY, |key, segment| {
        let key = key.segment(segment);
        look(key);
        key
    })
}

impl<'i> Candidates<'i> {
    /// Returns every rule of a set.
    pub(crate) fn all(rules: &'i [RuleId]) -> Self {
        let mut found = Self {
            lists: SmallVec::new(),
        };
        found.add(rules);
        found
    }

    /// Adds a list, unless it was added before.
    fn add_once(&mut self, list: &'i [RuleId]) {
        if !self.lists.iter().any(|known| std::ptr::eq(*known, list)) {
            self.add(list);
        }
    }

    fn add(&mut self, list: &'i [RuleId]) {
        if !list.is_empty() {
            self.lists.push(list);
        }
    }
}

impl Iterator for Candidates<'_> {
    type Item = RuleId;

    fn next(&mut self) -> Option<RuleId> {
        // The lists are few and each is sorted, so the smallest first element is the next rule.
        let (at, rule) = self
            .lists
            .iter()
            .enumerate()
            .filter_map(|(at, list)| Some((at, *list.first()?)))
            .min_by_key(|(_, rule)| *rule)?;
        let list = self.lists.get_mut(at)?;
        *list = list.split_first()?.1;
        if list.is_empty() {
            self.lists.swap_remove(at);
        }
        Some(rule)
    }
}

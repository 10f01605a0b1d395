//! The lists of rules, by key.

use std::cell::LazyCell;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use super::candidates::Candidates;
use super::key::{IndexKey, Kind, key_of, key_of_shape};
use super::needs::{self, Texts};
use super::split::{ListSplit, Splitter};
use crate::context::{Context, Subject};
use crate::rules::condition::Condition;
use crate::rules::id::RuleId;
use crate::rules::image::Image;
use crate::rules::pattern::Pattern;
use crate::rules::rule::{FileScope, Rule};
use crate::rules::target::Target;

/// Rules, by the keys of their patterns.
#[derive(Debug, Default)]
pub(crate) struct RuleIndex {
    lists: HashMap<u64, List, BuildHasherDefault<Hashed>>,
    /// The rules of all lists, in the order of the set within each list.
    rules: Box<[RuleId]>,
    /// How long lists are split.
    splits: Box<[ListSplit]>,
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
    /// Index of its split; [`WHOLE`] if it has none.
    split: u32,
}

const WHOLE: u32 = u32::MAX;

/// Shorter lists are examined rule by rule, which is faster than a search for the parts of an image.
const LONG: usize = 64;
/// Values of a context that are longer together, in bytes, are not searched for parts. Those of real Pods are shorter, and
/// the webhook sees values before the API server checks their length.
const LONG_VALUES: usize = 64 << 10;

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
            None => self.file(kind, key.hash(kind, None), rule),
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

    /// Returns the index of rules. Long lists are split.
    pub(crate) fn finish(self, rules: &[Rule], files: &[FileScope]) -> RuleIndex {
        self.finish_with(LONG, rules, files)
    }

    /// Returns the index of rules, with lists that are longer than a limit split.
    pub(crate) fn finish_with(self, long: usize, rules: &[Rule], files: &[FileScope]) -> RuleIndex {
        self.split(long, |id| {
            let rule = id.place().and_then(|place| rules.get(place));
            rule.map_or_else(Vec::new, |rule| {
                needs::of_rule(&rule.pattern, rule.conditions(files))
            })
        })
    }

    /// Returns an index whose lists are whole.
    pub(crate) fn finish_whole(self) -> RuleIndex {
        self.split(usize::MAX, |_| Vec::new())
    }

    fn split(mut self, long: usize, needs: impl Fn(RuleId) -> Vec<Texts>) -> RuleIndex {
        // By hash, and by rule within a hash: so each list is in the order of the set.
        self.filed.sort_unstable();
        let mut splits = Vec::new();
        let mut split_of: HashMap<u64, u32, BuildHasherDefault<Hashed>> = HashMap::default();
        let mut parts = Vec::new();
        for list in self.filed.chunk_by(|(one, _), (other, _)| one == other) {
            if let Some((hash, _)) = list.first().filter(|_| list.len() > long) {
                let splitter = Splitter::new(list.iter().map(|(_, rule)| *rule), &needs);
                if let Some(split) = splitter.split(*hash, &mut parts) {
                    split_of.insert(*hash, u32::try_from(splits.len()).unwrap_or(WHOLE));
                    splits.push(split);
                }
            }
        }
        self.filed.append(&mut parts);
        self.filed.sort_unstable();
        let mut lists: HashMap<u64, List, BuildHasherDefault<Hashed>> = HashMap::default();
        for (place, (hash, _)) in (0u32..).zip(&self.filed) {
            lists
                .entry(*hash)
                .or_insert_with(|| List {
                    start: place,
                    length: 0,
                    split: split_of.get(hash).copied().unwrap_or(WHOLE),
                })
                .length += 1;
        }
        // The set lives until the next reload, and may be large.
        lists.shrink_to_fit();
        RuleIndex {
            lists,
            rules: self.filed.into_iter().map(|(_, rule)| rule).collect(),
            splits: splits.into(),
            kinds: self.kinds,
            has_namespaces: self.has_namespaces,
            longest_suffix: self.longest_suffix,
        }
    }
}

impl RuleIndex {
    /// Returns the rules that may match the image, whatever the other values of the context, among them all that do.
    pub(crate) fn candidates<'i>(&'i self, image: &Image<'_>, namespace: Option<&str>) -> Candidates<'i> {
        let context = Context::default();
        self.find(image, namespace, &context, |split| !split.has_values())
    }

    /// Returns the rules that may match the image in a context, among them all that do.
    pub(crate) fn candidates_in<'i>(&'i self, image: &Image<'_>, context: &Context<'_>) -> Candidates<'i> {
        // Looking for the parts of long values would take longer than examining the rules, each of which counts as a step.
        let is_long = LazyCell::new(|| context.is_longer_than(LONG_VALUES));
        self.find(image, context.namespace, context, |split| {
            !split.has_values() || !*is_long
        })
    }

    /// Returns the rules of the lists of an image. Of a list whose split counts, only those whose parts the image and
    /// the context have.
    fn find<'i>(
        &'i self,
        image: &Image<'_>,
        namespace: Option<&str>,
        context: &Context<'_>,
        counts: impl Fn(&ListSplit) -> bool,
    ) -> Candidates<'i> {
        let mut found = Candidates::default();
        self.each_list(image, namespace, |hash, list| {
            match self.splits.get(list.split as usize).filter(|split| counts(split)) {
                None => found.add(self.rules_of(list)),
                Some(split) => split.each_list(hash, image, context, |part| {
                    if let Some(list) = self.lists.get(&part) {
                        found.add(self.rules_of(list));
                    }
                }),
            }
        });
        found
    }

    /// Visits the lists of the keys of an image, each with its hash.
    fn each_list<'i>(
        &'i self,
        image: &Image<'_>,
        namespace: Option<&str>,
        mut visit: impl FnMut(u64, &'i List),
    ) {
        let mut find = |hash: u64| {
            if let Some(list) = self.lists.get(&hash) {
                visit(hash, list);
            }
        };
        let mut look = |kind: Kind, key: IndexKey| {
            if self.has(kind) {
                find(key.hash(kind, None));
                if self.has_namespaces && namespace.is_some() {
                    find(key.hash(kind, namespace));
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
    }

    fn has(&self, kind: Kind) -> bool {
        self.kinds & (1 << kind as u16) != 0
    }

    fn rules_of(&self, list: &List) -> &[RuleId] {
        let rules = list.start as usize..(list.start + list.length) as usize;
        self.rules.get(rules).unwrap_or_default()
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

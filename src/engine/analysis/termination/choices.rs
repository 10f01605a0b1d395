//! Texts of which some have wildcards, to find those that allow a common match with another one.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use foldhash::fast::FixedState;

use crate::rules::pattern::match_glob;

/// Fewer globs are compared one by one.
const MANY: usize = 32;
/// Lengths of the pieces by which many globs are found, of which a longer one is rarer.
const LENGTHS: std::ops::RangeInclusive<usize> = 2..=4;

/// Texts with a value for each. Their only wildcard is `*`.
#[derive(Default)]
pub(super) struct Choices<'p> {
    literal: BTreeMap<&'p str, usize>,
    /// Texts with wildcards, by the text before the first one.
    globs: BTreeMap<&'p str, Vec<(&'p str, usize)>>,
    /// If there are many globs that begin with a wildcard: these, by a piece that each of their matches has.
    by_piece: HashMap<&'p [u8], Vec<(&'p str, usize)>, FixedState>,
}

impl<'p> Choices<'p> {
    /// Returns the value of a text, which is added with a new value if it is not there.
    pub(super) fn value(&mut self, text: &'p str, new: usize) -> usize {
        let Some((before, _)) = text.split_once('*') else {
            return *self.literal.entry(text).or_insert(new);
        };
        let globs = self.globs.entry(before).or_default();
        // The last one is compared first: equal texts are often next to one another.
        match globs.iter().rev().take(MANY).find(|(glob, _)| *glob == text) {
            Some((_, value)) => *value,
            None => {
                globs.push((text, new));
                new
            }
        }
    }

    /// Files many globs by their pieces. No text is added afterwards.
    pub(super) fn finish(&mut self) {
        let Some(globs) = self.globs.get_mut("").filter(|globs| globs.len() > MANY) else {
            return;
        };
        let mut counts: HashMap<&[u8], u32, FixedState> = HashMap::default();
        for piece in globs.iter().flat_map(|(glob, _)| pieces_of_glob(glob)) {
            *counts.entry(piece).or_default() += 1;
        }
        globs.retain(|(glob, value)| {
            let rarest = pieces_of_glob(glob).min_by_key(|piece| (counts.get(piece), Reverse(piece.len())));
            let Some(piece) = rarest else { return true };
            self.by_piece.entry(piece).or_default().push((*glob, *value));
            false
        });
    }

    /// Returns the values of texts that allow a common match with a text; of all, if it is not known.
    pub(super) fn alike<'c>(&'c self, text: Option<&'c str>) -> Box<dyn Iterator<Item = usize> + 'c> {
        let value = |(_, value): &(&str, usize)| *value;
        match text.map(|text| (text, text.split_once('*'))) {
            None => Box::new(self.literal.values().copied().chain(self.all_globs().map(value))),
            Some((literal, None)) => {
                let same = self.literal.get(literal).copied();
                let mut pieces: Vec<&[u8]> = Vec::new();
                if !self.by_piece.is_empty() {
                    pieces.extend(self::pieces(literal));
                    pieces.sort_unstable();
                    pieces.dedup();
                }
                let filed = pieces.into_iter().filter_map(|piece| self.by_piece.get(piece));
                let globs = self.globs_before(literal).chain(filed).flatten();
                let matches = globs.filter(move |(glob, _)| match_glob(glob, literal));
                Box::new(same.into_iter().chain(matches.map(value)))
            }
            Some((glob, Some((before, _)))) => {
                let literal =
                    from(&self.literal, before).filter(move |(literal, _)| match_glob(glob, literal));
                let longer = from(&self.globs, before).flat_map(|(_, globs)| globs);
                let shorter = self.globs_before(before).flatten();
                let globs = longer
                    .chain(shorter.filter(move |(other, _)| !other.starts_with(before)))
                    // These begin with a wildcard.
                    .chain(self.by_piece.values().flatten())
                    .filter(move |(other, _)| end_alike(glob, other));
                Box::new(literal.map(|(_, value)| *value).chain(globs.map(value)))
            }
        }
    }

    fn all_globs(&self) -> impl Iterator<Item = &(&'p str, usize)> {
        self.globs.values().chain(self.by_piece.values()).flatten()
    }

    /// Returns the globs whose text before the first wildcard begins a text, or is all of it.
    fn globs_before<'n>(&'n self, text: &'n str) -> impl Iterator<Item = &'n Vec<(&'p str, usize)>> {
        (0..=text.len()).filter_map(|end| self.globs.get(text.get(..end)?))
    }
}

fn pieces_of_glob(glob: &str) -> impl Iterator<Item = &[u8]> {
    glob.split('*').flat_map(pieces)
}

fn pieces(text: &str) -> impl Iterator<Item = &[u8]> {
    LENGTHS.flat_map(|length| text.as_bytes().windows(length))
}

/// Returns the entries whose key begins with a text.
fn from<'m, V>(map: &'m BTreeMap<&str, V>, start: &'m str) -> impl Iterator<Item = (&'m str, &'m V)> {
    map.range::<str, _>((Bound::Included(start), Bound::Unbounded))
        .take_while(move |(key, _)| key.starts_with(start))
        .map(|(key, value)| (*key, value))
}

/// Returns true if the texts before the first and behind the last wildcards of two globs allow a common match.
pub(crate) fn ends_are_alike(one: &str, other: &str) -> bool {
    if !one.contains('*') {
        return match_glob(other, one);
    }
    if !other.contains('*') {
        return match_glob(one, other);
    }
    let start = |text: &'_ str| text.find('*').unwrap_or_default();
    let common = start(one).min(start(other));
    one.get(..common) == other.get(..common) && end_alike(one, other)
}

/// Returns true if the texts behind the last wildcards of two globs allow a common match.
fn end_alike(one: &str, other: &str) -> bool {
    let end = |text: &'_ str| text.rsplit('*').next().map_or(0, str::len);
    let common = end(one).min(end(other));
    let tail = |text: &'_ str| text.len() - common;
    one.get(tail(one)..) == other.get(tail(other)..)
}

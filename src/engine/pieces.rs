//! An index of globs by their literal parts, to find those that may match a text.
//!
//! A text that a glob matches contains each run of literal characters of the glob. The index files each glob under
//! one piece of such a run, of a fixed length: the piece that the fewest other globs have. A text has about as many
//! pieces as characters, however many globs there are.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use foldhash::fast::FixedState;

use crate::glob::Glob;

/// A run of bytes.
type GlobPiece = [u8; LENGTH];

const LENGTH: usize = 4;
/// Fewer globs are tried one after the other, which is faster than the search for the pieces of a text.
const MANY: usize = 32;

/// Maximum number of pieces of a glob from which one is chosen. A map may be a single glob.
const CONSIDERED: usize = 64;

/// Globs by their pieces.
#[derive(Debug, Default)]
pub(crate) struct ByPiece {
    /// For each piece, its part of `numbers`.
    lists: HashMap<GlobPiece, Range<u32>, FixedState>,
    /// Numbers of the globs, those with the same piece next to each other and in order. One list for all, because maps
    /// have hundreds of thousands of globs.
    numbers: Box<[u32]>,
    /// Globs without a piece.
    rest: Vec<u32>,
}

impl ByPiece {
    pub(crate) fn new<'g>(globs: impl Iterator<Item = &'g Glob>) -> Self {
        let globs: Vec<&Glob> = globs.collect();
        let mut rest = Vec::new();
        let mut numbered: Vec<(GlobPiece, u32)> = Vec::new();
        for (number, piece) in (0..).zip(rarest(&globs)) {
            match piece {
                Some(piece) => numbered.push((piece, number)),
                None => rest.push(number),
            }
        }
        numbered.sort_unstable();
        let mut lists: HashMap<GlobPiece, Range<u32>, FixedState> = HashMap::default();
        for (at, (piece, _)) in (0..).zip(&numbered) {
            lists.entry(*piece).or_insert(at..at).end = at + 1;
        }
        Self {
            lists,
            numbers: numbered.into_iter().map(|(_, number)| number).collect(),
            rest,
        }
    }

    /// Returns the globs with a piece.
    fn list(&self, piece: GlobPiece) -> Option<&[u32]> {
        let Range { start, end } = self.lists.get(&piece)?;
        self.numbers.get(*start as usize..*end as usize)
    }

    /// Returns the index of the first glob that matches a text. Only those that may match are tried.
    pub(crate) fn first(&self, text: &str, matches: impl Fn(usize) -> bool) -> Option<usize> {
        let is_match = |number: &&u32| matches(**number as usize);
        let mut first = self.rest.iter().find(is_match).copied();
        if !self.lists.is_empty() {
            // A text may repeat a piece very often, and each glob takes time in the length of the text.
            let mut asked: HashSet<GlobPiece, FixedState> = HashSet::default();
            for piece in of(text) {
                let Some(list) = self.list(piece).filter(|_| asked.insert(piece)) else {
                    continue;
                };
                let above = list
                    .iter()
                    .take_while(|number| first.is_none_or(|first| **number < first));
                first = above.into_iter().find(is_match).copied().or(first);
            }
        }
        first.map(|first| first as usize)
    }
}

/// Returns the pieces of a text.
fn of(text: &str) -> impl Iterator<Item = GlobPiece> {
    text.as_bytes()
        .windows(LENGTH)
        .filter_map(|window| window.try_into().ok())
}

/// For each of many globs, returns its piece that the fewest globs have; for few globs, none.
fn rarest(globs: &[&Glob]) -> Vec<Option<GlobPiece>> {
    if globs.len() < MANY {
        return vec![None; globs.len()];
    }
    let mut counts: HashMap<GlobPiece, u32, FixedState> = HashMap::default();
    for glob in globs {
        let runs = glob.literals();
        for piece in runs.iter().flat_map(|run| of(run)).take(CONSIDERED) {
            *counts.entry(piece).or_default() += 1;
        }
    }
    let rarest = globs.iter().map(|glob| {
        let runs = glob.literals();
        let pieces = runs.iter().flat_map(|run| of(run)).take(CONSIDERED);
        pieces.min_by_key(|piece| counts.get(piece).copied())
    });
    rarest.collect()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn each_glob_is_tried_once_if_its_piece_repeats() {
        let globs: Vec<Glob> = (0..100)
            .map(|number| Glob::parse(&format!("*redis*{number}zz")))
            .collect();
        let by_piece = ByPiece::new(globs.iter());
        let asked = Cell::new(0);
        let found = by_piece.first(&"redis".repeat(1000), |_| {
            asked.set(asked.get() + 1);
            false
        });
        assert_eq!(found, None);
        assert!(asked.get() <= globs.len(), "{}", asked.get());
    }

    #[test]
    fn first_matching_glob_is_found_among_few_and_many() {
        let own = [
            "*redis*",
            "*",
            "quay.io/*/app?",
            "*re[d]is*",
            "nginx:*",
            "*quay*x*",
            "*io*",
        ];
        let texts = [
            "redis",
            "a/redis:7",
            "quay.io/team/apps",
            "nginx:1",
            "quayx",
            "io",
            "",
            "abc",
        ];
        for others in [0, 100] {
            let others = (0..others).map(|number| format!("*other{number}*"));
            let mut globs: Vec<Glob> = others.map(|glob| Glob::parse(&glob)).collect();
            for glob in own {
                globs.insert(globs.len() / 2, Glob::parse(glob));
                let by_piece = ByPiece::new(globs.iter());
                for text in texts.iter().chain(&["x/other7", "other7-redis", "other77"]) {
                    let matches = |number: usize| globs.get(number).is_some_and(|glob| glob.matches(text));
                    let expected = (0..globs.len()).find(|number| matches(*number));
                    assert_eq!(by_piece.first(text, matches), expected, "{text}");
                }
            }
        }
    }
}

//! Sets of positions in a text, one bit for each, so that a search tries all positions of a text at once.
//!
//! A search that tries one position after the other takes the product of the lengths of pattern and text. Here each
//! byte of the pattern takes a few machine words, whatever the text repeats.

use std::cell::OnceCell;

/// A text, and the positions of its bytes, once a search has needed them. Many patterns share them. A set of positions
/// has `W` words.
#[derive(Clone, Copy)]
pub(crate) struct SearchedText<'t, const W: usize> {
    text: &'t str,
    positions: &'t OnceCell<BytePositions<W>>,
}

/// The positions of each byte of a text.
#[derive(Debug)]
pub(crate) struct BytePositions<const W: usize> {
    /// A set for each byte below 128, and further ones at the indexes below. That of `/` also has the end of the text,
    /// where the last segment ends.
    sets: Box<[[u64; W]]>,
}

/// All positions.
const ALL: usize = 128;
/// Those inside of segments.
const INSIDE: usize = 129;
/// Those at which segments start. The position after the `/` at the end counts as one.
const STARTS: usize = 130;
const SETS: usize = 131;

/// Positions that a search has reached: each is the number of bytes before it.
pub(crate) struct Positions<'p, const W: usize> {
    of: &'p BytePositions<W>,
    bits: [u64; W],
}

impl<'t, const W: usize> SearchedText<'t, W> {
    pub(crate) fn new(text: &'t str, positions: &'t OnceCell<BytePositions<W>>) -> Self {
        Self { text, positions }
    }

    pub(crate) fn text(self) -> &'t str {
        self.text
    }

    /// Returns true if the positions are there already, so that a search by them costs little.
    pub(crate) fn is_searched(self) -> bool {
        self.positions.get().is_some()
    }

    /// Returns the positions; `None` for a text that is too long, or has other characters than ASCII.
    pub(crate) fn positions(self) -> Option<&'t BytePositions<W>> {
        match self.positions.get() {
            // One position more than the text has, and one after the `/` at the end.
            None if self.text.len() + 2 <= W * 64 && self.text.is_ascii() => {
                Some(self.positions.get_or_init(|| BytePositions::new(self.text)))
            }
            known => known,
        }
    }
}

impl<const W: usize> BytePositions<W> {
    fn new(text: &str) -> Self {
        let mut positions = Self {
            sets: vec![[0; W]; SETS].into(),
        };
        positions.insert(STARTS, 0);
        for (at, byte) in text.bytes().enumerate() {
            positions.insert(byte.into(), at);
            positions.insert(ALL, at);
            match byte {
                b'/' => positions.insert(STARTS, at + 1),
                _ => positions.insert(INSIDE, at),
            }
        }
        positions.insert(b'/'.into(), text.len());
        positions.insert(STARTS, text.len() + 1);
        positions
    }

    fn insert(&mut self, set: usize, at: usize) {
        if let Some(word) = self.sets.get_mut(set).and_then(|set| set.get_mut(at / 64)) {
            *word |= 1 << (at % 64);
        }
    }

    fn set(&self, set: usize) -> [u64; W] {
        self.sets.get(set).copied().unwrap_or([0; W])
    }

    /// Returns every position in the text from this one on.
    pub(crate) fn from(&self, start: usize) -> Positions<'_, W> {
        self.of_set_from(ALL, start)
    }

    /// Returns the starts of the segments from this position on. The position after the `/` at the end counts as one.
    pub(crate) fn segments_from(&self, start: usize) -> Positions<'_, W> {
        self.of_set_from(STARTS, start)
    }

    fn of_set_from(&self, set: usize, start: usize) -> Positions<'_, W> {
        let mut bits = self.set(set);
        for (number, word) in bits.iter_mut().enumerate() {
            let below = start.saturating_sub(number * 64);
            *word &= if below < 64 { u64::MAX << below } else { 0 };
        }
        Positions { of: self, bits }
    }
}

impl<const W: usize> Positions<'_, W> {
    /// Passes a byte of the text; for `/` also the end of the text.
    pub(crate) fn pass(&mut self, byte: u8) {
        self.pass_set(&self.of.set(byte.into()));
    }

    /// Passes any byte of the text.
    pub(crate) fn pass_any(&mut self) {
        self.pass_set(&self.of.set(ALL));
    }

    /// Passes a byte of the text that is taken.
    pub(crate) fn pass_one_of(&mut self, takes: impl Fn(u8) -> bool) {
        let mut taken = [0; W];
        for byte in (0..128).filter(|byte| takes(*byte)) {
            let set = self.of.set(byte.into());
            taken.iter_mut().zip(set).for_each(|(taken, word)| *taken |= word);
        }
        // Without the `/` at the end, which is not in the text.
        let all = self.of.set(ALL);
        taken.iter_mut().zip(all).for_each(|(taken, word)| *taken &= word);
        self.pass_set(&taken);
    }

    /// Passes any text within a segment, also none.
    pub(crate) fn pass_within_segment(&mut self) {
        // A position runs to the end of its segment as a carry, so all of them run at once. (The function `MatchStar`
        // in Cameron et al., Bitwise Data Parallelism in Regular Expression Matching, 2014.)
        let mut carry = false;
        for (word, inside) in self.bits.iter_mut().zip(self.of.set(INSIDE)) {
            let (sum, first) = (*word & inside).overflowing_add(inside);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            carry = first | second;
            *word |= sum ^ inside;
        }
    }

    /// Returns the first position.
    pub(crate) fn first(&self) -> Option<usize> {
        let (number, word) = self.bits.iter().enumerate().find(|(_, word)| **word != 0)?;
        Some(number * 64 + word.trailing_zeros() as usize)
    }

    fn pass_set(&mut self, set: &[u64; W]) {
        let mut carry = 0;
        for (word, taken) in self.bits.iter_mut().zip(set) {
            let passed = *word & taken;
            *word = (passed << 1) | carry;
            carry = passed >> 63;
        }
    }
}

//! Lists of distinct values that grow at the front and share their ends.
//!
//! Each round of a chain of swaps has warnings of its own, and those of all rounds behind it. A list of its own for each round
//! would make the memory of a chain quadratic. Each list has a hash of its contents, so two are compared in one step.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash};

use foldhash::fast::FixedState;

/// A list; the default one is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct SharedList(u32);

/// Lists of distinct values.
pub(super) struct SharedLists<'c, T> {
    /// The cell of each list but the empty one.
    cells: Vec<Cell<T>>,
    /// Lists by what they were made of: the list behind a value.
    known: HashMap<(SharedList, T), SharedList, FixedState>,
    /// For each value, the lists that begin with it.
    beginning: HashMap<T, Vec<SharedList>, FixedState>,
    /// Returns the hash of the part of a value that is compared.
    content: Box<dyn Fn(T) -> u64 + 'c>,
}

struct Cell<T> {
    value: T,
    rest: SharedList,
    /// A list far behind, so that the list of a length is found in a logarithmic number of steps.
    jump: SharedList,
    length: usize,
    hash: u64,
}

impl<'c, T: Copy + Eq + Hash> SharedLists<'c, T> {
    pub(super) fn new(content: impl Fn(T) -> u64 + 'c) -> Self {
        Self {
            cells: Vec::new(),
            known: HashMap::default(),
            beginning: HashMap::default(),
            content: Box::new(content),
        }
    }

    /// Returns the list of values, the first one in front, and behind them the other values of a list.
    pub(super) fn with(&mut self, values: &[T], list: SharedList) -> SharedList {
        values
            .iter()
            .rev()
            .fold(list, |list, value| self.add(*value, list))
    }

    /// Returns the hash of the contents of a list.
    pub(super) fn hash(&self, list: SharedList) -> u64 {
        self.cell(list).map_or(0, |cell| cell.hash)
    }

    /// Returns the hash of [`Self::with`], without keeping the list.
    pub(super) fn hash_with(&self, values: &[T], list: SharedList) -> u64 {
        let all = self.values_with(values, list).into_iter();
        all.rev().fold(0, |hash, value| self.hash_before(value, hash))
    }

    /// Returns the values of [`Self::with`].
    pub(super) fn values_with(&self, values: &[T], list: SharedList) -> Vec<T> {
        let mut all = values.to_vec();
        let known: std::collections::HashSet<T, FixedState> = values.iter().copied().collect();
        let cells = std::iter::successors(self.cell(list), |cell| self.cell(cell.rest));
        all.extend(
            cells
                .map(|cell| cell.value)
                .filter(|value| !known.contains(value)),
        );
        all
    }

    fn hash_before(&self, value: T, rest: u64) -> u64 {
        FixedState::default().hash_one(((self.content)(value), rest))
    }

    fn add(&mut self, value: T, list: SharedList) -> SharedList {
        if let Some(known) = self.known.get(&(list, value)) {
            return *known;
        }
        let added = match self.beginning_with(value, list) {
            None => self.push(value, list),
            Some(later) => {
                // The values before it are those of a few rounds: most rules that match again match soon.
                let cells = std::iter::successors(Some(list), |list| Some(self.cell(*list)?.rest));
                let before = cells.take_while(|list| *list != later);
                let mut before: Vec<T> = before.filter_map(|list| Some(self.cell(list)?.value)).collect();
                before.insert(0, value);
                let behind = self.cell(later).map_or(SharedList::default(), |cell| cell.rest);
                before
                    .iter()
                    .rev()
                    .fold(behind, |list, value| match self.known.get(&(list, *value)) {
                        Some(known) => *known,
                        None => self.push(*value, list),
                    })
            }
        };
        self.known.insert((list, value), added);
        added
    }

    /// Adds a value to a list that does not have it.
    fn push(&mut self, value: T, rest: SharedList) -> SharedList {
        let length = |list| self.cell(list).map_or(0, |cell| cell.length);
        let jump_of = |list| self.cell(list).map_or(list, |cell| cell.jump);
        let (far, farther) = (jump_of(rest), jump_of(jump_of(rest)));
        // Jumps of these lengths are those of a skew-binary list.
        let is_even = length(rest) - length(far) == length(far) - length(farther);
        let cell = Cell {
            value,
            rest,
            jump: if is_even { farther } else { rest },
            length: length(rest) + 1,
            hash: self.hash_before(value, self.hash(rest)),
        };
        self.cells.push(cell);
        let list = SharedList(u32::try_from(self.cells.len()).unwrap_or(u32::MAX));
        self.known.insert((rest, value), list);
        self.beginning.entry(value).or_default().push(list);
        list
    }

    /// Returns the end of a list that begins with a value.
    fn beginning_with(&self, value: T, list: SharedList) -> Option<SharedList> {
        // A rule that matches in most rounds was in one of the last lists.
        let lists = self.beginning.get(&value)?.iter().rev();
        let length = |list| self.cell(list).map_or(0, |cell| cell.length);
        lists
            .copied()
            .find(|begins| length(*begins) <= length(list) && self.end(list, length(*begins)) == *begins)
    }

    /// Returns the end of a list that has this length.
    fn end(&self, mut list: SharedList, length: usize) -> SharedList {
        while let Some(cell) = self.cell(list).filter(|cell| cell.length > length) {
            let is_near = self.cell(cell.jump).map_or(0, |jump| jump.length) < length;
            list = if is_near { cell.rest } else { cell.jump };
        }
        list
    }

    fn cell(&self, list: SharedList) -> Option<&Cell<T>> {
        self.cells.get((list.0 as usize).checked_sub(1)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(lists: &SharedLists<'_, u8>, list: SharedList) -> Vec<u8> {
        let cells = std::iter::successors(lists.cell(list), |cell| lists.cell(cell.rest));
        cells.map(|cell| cell.value).collect()
    }

    #[test]
    fn list_has_each_value_where_it_was_added_last() {
        let mut lists = SharedLists::new(|value: u8| u64::from(value / 2));
        let mut hashes: HashMap<Vec<u8>, u64> = HashMap::new();
        // Every list of several starts is continued, so that lists share their ends.
        let mut made: Vec<(SharedList, Vec<u8>)> = vec![(SharedList::default(), Vec::new())];
        let mut state = 7_u32;
        for _ in 0..3_000 {
            state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345);
            let value = (state >> 16) as u8 % 40;
            let (list, expected) = made[(state >> 8) as usize % made.len()].clone();
            let mut added = vec![value];
            added.extend(expected.iter().copied().filter(|other| *other != value));
            assert_eq!(lists.hash_with(&[value], list), {
                let list = lists.with(&[value], list);
                lists.hash(list)
            });
            let list = lists.with(&[value], list);
            assert_eq!(values(&lists, list), added);
            // Lists of the same contents have the same hash, and others have another one.
            let contents = added.iter().map(|value| value / 2).collect();
            let hash = *hashes.entry(contents).or_insert(lists.hash(list));
            assert_eq!(hash, lists.hash(list));
            made.push((list, added));
        }
        let different: std::collections::HashSet<u64> = hashes.values().copied().collect();
        assert_eq!(different.len(), hashes.len());
    }

    #[test]
    fn memory_of_a_chain_is_linear() {
        let mut lists = SharedLists::new(u64::from);
        let list = (0..10_000_u32).rev().fold(SharedList::default(), |list, number| {
            lists.with(&[u32::MAX, number], list)
        });
        assert_eq!(lists.cell(list).unwrap().length, 10_001);
        assert!(lists.cells.len() < 40_000, "{}", lists.cells.len());
    }
}

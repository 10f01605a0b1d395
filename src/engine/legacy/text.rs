//! Storage for many short texts: one long text, pieces of it, and tables with pieces as keys.
//!
//! A map may have 100,000 lines. An allocation for each key and each value takes four times as much memory.

use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// The long text.
#[derive(Debug, Default)]
pub(super) struct MapText(String);

/// A piece of a [`MapText`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TextPiece {
    start: u32,
    end: u32,
}

/// A table whose keys are pieces of one text. Every call gets this text.
#[derive(Debug)]
pub(super) struct Table<V> {
    /// Entries by the hash of their key. A hash table has up to twice as many places as entries, and while it grows it
    /// is there twice, so it has only their numbers.
    numbers: HashTable<u32>,
    entries: Vec<(TextPiece, V)>,
}

impl MapText {
    /// Adds a text at the end. A text of 4 GiB or more cannot occur, because the size of files is limited far below.
    pub(super) fn add(&mut self, text: &str) -> TextPiece {
        let start = position(self.0.len());
        self.0.push_str(text);
        TextPiece {
            start,
            end: position(self.0.len()),
        }
    }

    pub(super) fn get(&self, piece: TextPiece) -> &str {
        self.0
            .get(piece.start as usize..piece.end as usize)
            .unwrap_or_default()
    }

    /// Frees the spare capacity.
    pub(super) fn shrink(&mut self) {
        self.0.shrink_to_fit();
    }
}

impl TextPiece {
    /// Returns the piece without some bytes at its start and at its end.
    pub(super) fn trimmed(self, start: usize, end: usize) -> Self {
        let start = self.start.saturating_add(position(start)).min(self.end);
        Self {
            start,
            end: self.end.saturating_sub(position(end)).max(start),
        }
    }
}

impl<V> Table<V> {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn get(&self, text: &MapText, key: &str) -> Option<&V> {
        // Many tables of a map are empty, and computing a hash takes longer than this check.
        if self.entries.is_empty() {
            return None;
        }
        let entry = |number: u32| self.entries.get(number as usize);
        let is_key = |number: &u32| entry(*number).is_some_and(|(piece, _)| text.get(*piece) == key);
        let number = self.numbers.find(hash(key), is_key)?;
        entry(*number).map(|(_, value)| value)
    }

    /// Inserts a value, and returns the previous value of the key.
    pub(super) fn insert(&mut self, text: &MapText, key: TextPiece, value: V) -> Option<V> {
        let name = text.get(key);
        let entries = &mut self.entries;
        let key_of = |number: u32| {
            let entry = entries.get(number as usize);
            entry.map_or("", |(piece, _)| text.get(*piece))
        };
        let entry = self.numbers.entry(
            hash(name),
            |number| key_of(*number) == name,
            |number| hash(key_of(*number)),
        );
        match entry {
            Entry::Occupied(occupied) => {
                let (_, known) = entries.get_mut(*occupied.get() as usize)?;
                Some(std::mem::replace(known, value))
            }
            Entry::Vacant(vacant) => {
                vacant.insert(position(entries.len()));
                entries.push((key, value));
                None
            }
        }
    }

    /// Frees the spare capacity.
    pub(super) fn shrink(&mut self) {
        self.entries.shrink_to_fit();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(TextPiece, V)> {
        self.entries.iter()
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.iter().map(|(_, value)| value)
    }
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self {
            numbers: HashTable::new(),
            entries: Vec::new(),
        }
    }
}

/// Needs no seed, because the keys are those of a file that the administrator wrote.
fn hash(text: &str) -> u64 {
    FixedState::default().hash_one(text)
}

fn position(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_keeps_the_last_value_of_a_key() {
        let mut text = MapText::default();
        let mut table = Table::default();
        for n in 0..1000 {
            let key = text.add(&format!("key-{}", n % 500));
            assert_eq!(table.insert(&text, key, n), (n >= 500).then(|| n - 500));
        }
        for n in 0..500 {
            assert_eq!(table.get(&text, &format!("key-{n}")), Some(&(n + 500)));
        }
        assert_eq!(table.get(&text, "key-500"), None);
        assert_eq!(table.values().count(), 500);
    }
}

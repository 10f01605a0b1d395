//! Distinct values, in the order in which they came first.

use std::collections::HashSet;
use std::hash::Hash;

use foldhash::fast::FixedState;

/// Fewer values are compared one by one, which is faster and allocates nothing more.
const FEW: usize = 16;

/// The values of a list, so that each is added once.
pub(crate) struct Distinct<T> {
    /// Empty while the list is short.
    known: HashSet<T, FixedState>,
}

impl<T> Default for Distinct<T> {
    fn default() -> Self {
        let known = HashSet::default();
        Self { known }
    }
}

impl<T: Copy + Eq + Hash> Distinct<T> {
    /// Adds a value to the list, unless the list has it. All values of the list were added by this method.
    pub(crate) fn add(&mut self, value: T, list: &mut Vec<T>) {
        if list.len() < FEW {
            if !list.contains(&value) {
                list.push(value);
            }
            return;
        }
        if self.known.is_empty() {
            self.known.extend(list.iter().copied());
        }
        if self.known.insert(value) {
            list.push(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_added_once_in_their_order() {
        for count in [0, 1, FEW - 1, FEW, FEW + 1, 100] {
            let (mut distinct, mut list) = (Distinct::default(), Vec::new());
            for value in (0..count).chain((0..count).rev()).chain([count, count]) {
                distinct.add(value, &mut list);
            }
            assert_eq!(list, (0..=count).collect::<Vec<_>>());
        }
    }
}

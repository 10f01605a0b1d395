//! A row of choices: bytes, of which shorter and smaller ones make simpler things.

/// A row of choices. Where it ends, the first of each is chosen.
pub struct Choices<'b> {
    bytes: std::slice::Iter<'b, u8>,
    /// True if there are few names, so that most targets match other rules.
    pub(super) is_dense: bool,
}

/// Files with their texts, and the texts that images can be made of: patterns and targets.
pub struct Generated {
    /// Names and texts, in order.
    pub files: Vec<(String, String)>,
    /// Patterns and targets of the rules.
    pub forms: Vec<String>,
}

impl<'b> Choices<'b> {
    /// Reads choices from these bytes.
    pub fn new(bytes: &'b [u8]) -> Self {
        Self {
            bytes: bytes.iter(),
            is_dense: false,
        }
    }

    /// Returns true if no choice is left.
    pub fn is_at_end(&self) -> bool {
        self.bytes.len() == 0
    }

    /// Chooses a number below `count`.
    pub fn below(&mut self, count: usize) -> usize {
        usize::from(self.bytes.next().copied().unwrap_or_default()) % count
    }

    pub(super) fn of<'t>(&mut self, list: &[&'t str]) -> &'t str {
        list[self.below(list.len())]
    }

    pub(super) fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == count - 1
    }
}

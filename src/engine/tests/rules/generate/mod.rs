//! Sets of rules, images and contexts, from a row of choices: bytes, of which shorter and smaller ones make simpler
//! things.

mod images;
pub(crate) mod mess;
pub(crate) mod rules;
pub(crate) mod setting;
mod words;

/// A row of choices. Where it ends, the first of each is chosen.
pub(crate) struct Choices<'b> {
    bytes: std::slice::Iter<'b, u8>,
    /// Whether names are very few, so that most rules lead to others.
    is_dense: bool,
}

/// Files with their texts, and the texts that images can be made of: patterns and targets.
pub(crate) struct Generated {
    pub(crate) files: Vec<(String, String)>,
    pub(crate) forms: Vec<String>,
}

impl<'b> Choices<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self {
            bytes: bytes.iter(),
            is_dense: false,
        }
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.bytes.len() == 0
    }

    pub(crate) fn below(&mut self, count: usize) -> usize {
        usize::from(self.bytes.next().copied().unwrap_or_default()) % count
    }

    fn of<'t>(&mut self, list: &[&'t str]) -> &'t str {
        list[self.below(list.len())]
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == count - 1
    }
}

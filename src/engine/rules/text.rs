//! Texts of rules, many in one allocation.
//!
//! A set of 100,000 rules has several hundred thousand short texts. An allocation for each would take twice the
//! memory, and leave gaps that the next set cannot use well.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

/// An immutable text that shares its memory with others.
#[derive(Clone)]
pub(crate) struct Text {
    shared: Arc<Box<str>>,
    start: u32,
    length: u32,
}

impl Text {
    /// Moves texts into one allocation.
    pub(crate) fn share<'t>(texts: impl Iterator<Item = &'t mut Self>) {
        let texts: Vec<&mut Self> = texts.collect();
        let mut all = String::with_capacity(texts.iter().map(|text| text.len()).sum());
        let starts: Vec<u32> = texts
            .iter()
            .map(|text| {
                let start = length(&all);
                all.push_str(text);
                start
            })
            .collect();
        let shared = Arc::new(all.into_boxed_str());
        for (text, start) in texts.into_iter().zip(starts) {
            text.start = start;
            text.shared = Arc::clone(&shared);
        }
    }
}

/// The texts of one set are limited far below 4 GiB.
fn length(text: &str) -> u32 {
    u32::try_from(text.len()).unwrap_or(u32::MAX)
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        let start = self.start as usize;
        self.shared
            .get(start..start + self.length as usize)
            .unwrap_or_default()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self {
            length: length(text),
            shared: Arc::new(text.into()),
            start: 0,
        }
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self {
            length: length(&text),
            shared: Arc::new(text.into()),
            start: 0,
        }
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Text {}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sharing_memory_does_not_change_texts() {
        let mut texts: Vec<Text> = ["quay.io", "", "café", "x"].map(Text::from).into();
        let before = texts.clone();
        Text::share(texts.iter_mut());
        assert_eq!(texts, before);
        assert!(
            texts
                .iter()
                .all(|text| Arc::ptr_eq(&text.shared, &texts[0].shared))
        );
    }
}

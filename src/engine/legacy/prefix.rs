//! LEGACY mode: one prefix for every image.

use super::answer::{join, last_segment};

/// The value of `IMAGE_PREFIX`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix(String);

impl Prefix {
    /// Returns the prefix of a value; an empty one swaps nothing.
    #[must_use]
    pub fn new(prefix: impl Into<String>) -> Self {
        Self(prefix.into())
    }

    /// Returns the value.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn decide(&self, image: &str) -> Option<String> {
        let Self(prefix) = self;
        // Every text contains an empty prefix.
        if image.contains(prefix.as_str()) {
            None
        } else if prefix.ends_with('-') {
            Some(format!("{prefix}{image}"))
        } else {
            Some(join(prefix, last_segment(image)))
        }
    }
}

//! LEGACY mode: one prefix for every image.

use std::error::Error;
use std::fmt;

use super::answer::{join, last_segment};
use crate::reference::Reference;

/// The value of `IMAGE_PREFIX`, without the white space around it: a file that a Secret is made from often ends in a
/// line end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix(String);

/// A prefix that never produces a valid image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrefixError(String);

/// Images with and without a registry, a tag and a digest. If the result is invalid for all of them, it always is.
const EXAMPLES: [&str; 3] = ["image", "registry.example.com/image", "path/image:tag"];

impl Prefix {
    /// Returns the prefix of a value; an empty one swaps nothing.
    #[must_use]
    pub fn new(prefix: &str) -> Self {
        Self(prefix.trim().to_owned())
    }

    /// Returns the prefix of a value if it produces valid images.
    ///
    /// # Errors
    ///
    /// Returns an error if no result can be a valid image.
    pub fn parse(prefix: &str) -> Result<Self, PrefixError> {
        let parsed = Self::new(prefix);
        let is_valid = |image: &&str| {
            parsed
                .decide(image)
                .is_none_or(|result| Reference::parse(&result).is_ok())
        };
        if EXAMPLES.iter().any(is_valid) {
            Ok(parsed)
        } else {
            Err(PrefixError::new(&parsed.0))
        }
    }

    /// Returns the value.
    #[must_use]
    pub fn as_str(&self) -> &str {
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

impl PrefixError {
    /// Returns the error of a prefix that never produces a valid image.
    #[must_use]
    pub fn new(prefix: &str) -> Self {
        Self(prefix.to_owned())
    }
}

impl fmt::Display for PrefixError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the prefix `{}` does not produce a valid image; use a registry, with or without a path, as in \
             `harbor.example.com/hub`",
            self.0.escape_debug()
        )
    }
}

impl Error for PrefixError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_around_a_prefix_means_nothing() {
        assert_eq!(Prefix::new("  h.io/hub\n"), Prefix::new("h.io/hub"));
        assert_eq!(Prefix::new(" \n").decide("nginx"), None);
    }

    #[test]
    fn prefix_that_never_produces_an_image_is_an_error() {
        for prefix in [
            "",
            " ",
            "h.io",
            "h.io/hub/",
            "h.io/hub-",
            "hub-",
            "localhost:5000",
            "H.io/hub",
            "image",
        ] {
            assert_eq!(Prefix::parse(prefix), Ok(Prefix::new(prefix)), "{prefix}");
        }
        for prefix in [
            "https://h.example.com/hub",
            "h.example.com/Hub",
            "h.example.com:5000/hub:v1",
            "h.io/a b",
            "-",
            "h.io/hub@sha256:0-",
        ] {
            assert_eq!(Prefix::parse(prefix), Err(PrefixError::new(prefix)), "{prefix}");
        }
    }
}

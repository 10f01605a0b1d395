//! The result of an old configuration for an image.

use crate::diagnostic::Span;

/// Result of an old configuration for an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The new image; `None` if the image is kept.
    pub result: Option<String>,
    /// The line of the map that swaps or keeps the image; `None` if no line is for it, and for a prefix.
    pub line: Option<Span>,
}

/// Returns the last segment of an image, with its tag and digest.
pub(super) fn last_segment(image: &str) -> &str {
    image.rsplit_once('/').map_or(image, |(_, last)| last)
}

/// Joins a target and the rest of an image. A `/` at the end of the target is not doubled, and an empty target adds
/// nothing.
pub(super) fn join(target: &str, rest: &str) -> String {
    match target.trim_end_matches('/') {
        "" => rest.to_owned(),
        target => [target, "/", rest].concat(),
    }
}

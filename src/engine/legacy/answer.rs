//! The result of an old configuration for an image.

use crate::diagnostic::Span;

/// What an old configuration makes of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// What the image becomes; `None` where it stays.
    pub result: Option<String>,
    /// The line of the map that moves it or leaves it; `None` where no line is for it, and for a prefix.
    pub line: Option<Span>,
}

/// The last segment of an image, with its tag and digest.
pub(super) fn last_segment(image: &str) -> &str {
    image.rsplit_once('/').map_or(image, |(_, last)| last)
}

/// Puts a target before what is left of an image. A `/` at the end of the target is not doubled, and an empty
/// target puts nothing there.
pub(super) fn join(target: &str, rest: &str) -> String {
    match target.trim_end_matches('/') {
        "" => rest.to_owned(),
        target => [target, "/", rest].concat(),
    }
}

//! The old configurations of imageswap-webhook v1.5.3: map files, and the prefix of the LEGACY mode.
//!
//! The same input gives the same image as there. Where that is wrong (an exception, a string that is no image,
//! an image that is swapped again and again), it gives what was meant.

mod findings;
mod map;
mod prefix;
mod targets;
mod text;

pub use map::Map;
pub(crate) use map::{Entry, EntryKey};
pub use prefix::Prefix;

use crate::diagnostic::Span;
use crate::reference::Reference;

/// An old configuration, read once.
#[derive(Debug)]
pub enum LegacyConfig {
    /// MAPS mode: a map file.
    Maps(Box<Map>),
    /// LEGACY mode: `IMAGE_PREFIX`.
    Prefix(Prefix),
}

impl LegacyConfig {
    /// What an image, as the manifest spells it and as it is read, becomes.
    ///
    /// Allocates nothing where it stays. The result is not checked to be an image reference.
    #[must_use]
    pub fn decide(&self, image: &str, reference: &Reference<'_>) -> Answer {
        match self {
            Self::Maps(map) => map.decide(image, reference),
            Self::Prefix(prefix) => Answer {
                result: prefix.decide(image),
                line: None,
            },
        }
    }
}

/// What an old configuration makes of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// What the image becomes; `None` where it stays.
    pub result: Option<String>,
    /// The line of the map that moves it or leaves it; `None` where no line is for it, and for a prefix.
    pub line: Option<Span>,
}

/// The last segment of an image, with its tag and digest.
fn last_segment(image: &str) -> &str {
    image.rsplit_once('/').map_or(image, |(_, last)| last)
}

/// Puts a target before what is left of an image. A `/` at the end of the target is not doubled, and an empty
/// target puts nothing there.
fn join(target: &str, rest: &str) -> String {
    match target.trim_end_matches('/') {
        "" => rest.to_owned(),
        target => [target, "/", rest].concat(),
    }
}

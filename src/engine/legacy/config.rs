//! An old configuration: a map or a prefix.

use super::answer::Answer;
use super::map::Map;
use super::prefix::Prefix;
use crate::reference::Reference;

/// An old configuration.
#[derive(Debug)]
pub enum LegacyConfig {
    /// MAPS mode: a map file.
    Maps(Box<Map>),
    /// LEGACY mode: `IMAGE_PREFIX`.
    Prefix(Prefix),
}

impl LegacyConfig {
    /// Returns the number of lines that an image can match. A prefix counts as one.
    pub(crate) fn line_count(&self) -> usize {
        match self {
            Self::Maps(map) => map.line_count(),
            Self::Prefix(_) => 1,
        }
    }

    /// Returns the result for an image, given as the original image and as its reference.
    ///
    /// Allocates nothing if the image is kept. The result may not be a valid image.
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

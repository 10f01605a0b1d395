//! An old configuration: a map or a prefix.

use super::answer::Answer;
use super::map::Map;
use super::prefix::Prefix;
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

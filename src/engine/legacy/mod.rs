//! The old configurations of imageswap-webhook v1.5.3: map files and the prefix of the LEGACY mode.

use crate::reference::Reference;

/// An old configuration, read once.
#[derive(Debug)]
pub enum LegacyConfig {
    /// LEGACY mode: `IMAGE_PREFIX`.
    Prefix(String),
}

impl LegacyConfig {
    /// What the image becomes; `None` where it stays.
    #[must_use]
    pub fn decide(&self, image: &str, _reference: &Reference<'_>) -> Option<String> {
        let Self::Prefix(prefix) = self;
        (!prefix.is_empty()).then(|| format!("{prefix}/{image}"))
    }
}

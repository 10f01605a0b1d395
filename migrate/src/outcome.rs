//! The outcome of an image in either configuration.

use imageswap_engine::rules::Effect;

/// What becomes of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It stays.
    Kept,
    /// Another takes its place.
    Swapped(String),
    /// It stays, since no valid image comes of it.
    Invalid,
}

impl Outcome {
    /// The image that takes the other's place.
    #[must_use]
    pub fn image(&self) -> Option<&str> {
        match self {
            Self::Swapped(image) => Some(image),
            Self::Kept | Self::Invalid => None,
        }
    }
}

impl From<Effect> for Outcome {
    fn from(effect: Effect) -> Self {
        match effect {
            Effect::Swap(result) => Self::Swapped(result),
            Effect::Invalid(_) => Self::Invalid,
            Effect::Keep | Effect::Deny => Self::Kept,
        }
    }
}

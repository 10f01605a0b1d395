//! The outcome of an image in either configuration.

use imageswap_engine::rules::Effect;

/// The outcome of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The image is kept.
    Kept,
    /// The image is swapped.
    Swapped(String),
    /// The result is not a valid image, so the image is kept.
    Invalid,
}

impl Outcome {
    /// Returns the result of a swap.
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

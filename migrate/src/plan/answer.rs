//! The values of a map as places.

use crate::place::{NoPlace, Place};

/// What a line makes of images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Keep,
    Swap(Place),
}

impl Answer {
    /// Parses the value of a line for a registry.
    pub(super) fn parse(value: &str, host: &str) -> Result<Self, NoPlace> {
        match value {
            "" => Ok(Self::Keep),
            _ if value.ends_with('-') => Place::parse(&format!("{value}{host}")).map(Self::Swap),
            _ => Place::parse(value).map(Self::Swap),
        }
    }

    pub(super) fn place(&self) -> Option<&Place> {
        match self {
            Self::Keep => None,
            Self::Swap(place) => Some(place),
        }
    }
}

/// `h.io/mirror-`, with its registry as it is compared; for a value without a `/` the beginning of a path of Docker Hub.
pub(super) fn dashed_prefix(value: &str) -> Option<String> {
    let place = Place::parse(&format!("{value}a")).ok()?;
    let prefix = place.prefix();
    let prefix = prefix.strip_suffix("a/")?;
    Some(prefix.to_owned())
}

//! The values of a map as places.

use crate::location::{Location, LocationError};

/// What a line makes of images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Keep,
    Swap(Location),
}

impl Answer {
    /// Parses the value of a line for a registry.
    pub(super) fn parse(value: &str, host: &str) -> Result<Self, LocationError> {
        match value {
            "" => Ok(Self::Keep),
            _ if value.ends_with('-') => Location::parse(&format!("{value}{host}")).map(Self::Swap),
            _ => Location::parse(value).map(Self::Swap),
        }
    }

    pub(super) fn location(&self) -> Option<&Location> {
        match self {
            Self::Keep => None,
            Self::Swap(location) => Some(location),
        }
    }
}

/// `h.io/mirror-`, with its registry as it is compared; for a value without a `/` the beginning of a path of Docker Hub.
pub(super) fn dashed_prefix(value: &str) -> Option<String> {
    let location = Location::parse(&format!("{value}a")).ok()?;
    let prefix = location.prefix();
    let prefix = prefix.strip_suffix("a/")?;
    Some(prefix.to_owned())
}

//! Answers of lines: keep, or swap to a location.

use crate::location::{Location, LocationError};

/// The effect of a line on the images of a registry.
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

/// Returns the prefix of a value that ends in `-`, such as `h.io/mirror-`, in canonical form. A value without a `/` is
/// the start of a path on Docker Hub.
pub(super) fn dashed_prefix(value: &str) -> Option<String> {
    let location = Location::parse(&format!("{value}a")).ok()?;
    let prefix = location.prefix();
    let prefix = prefix.strip_suffix("a/")?;
    Some(prefix.to_owned())
}

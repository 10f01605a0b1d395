//! Where a map leads to, in the one spelling that rules have for it.

use imageswap_engine::reference::{DOCKER_HUB, Reference, normalized, reads_as_registry};

/// A registry, or a path on one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Location {
    /// In lower case and without the default port.
    pub(crate) registry: String,
    /// Without a `/` at either end; empty for all of the registry.
    pub(crate) path: String,
}

/// Why a value of a map is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LocationError {
    /// No image can come of it, so that images stay.
    Invalid,
    /// Its registry is a bare word, which no rule can name.
    Unnameable,
    /// It ends within the registry, of which each image has another one then.
    WithinRegistry,
}

impl Location {
    /// Reads the value of a line; an empty one is Docker Hub, since images without a registry come of it.
    pub(crate) fn parse(value: &str) -> Result<Self, LocationError> {
        const BELOW: &str = "x/app";
        let value = value.trim_end_matches('/');
        if value.is_empty() {
            return Ok(Self::registry(DOCKER_HUB));
        }
        let image = format!("{value}/{BELOW}");
        let image = Reference::parse(&image).map_err(|_| LocationError::Invalid)?;
        let registry = normalized(image.domain.ok_or(LocationError::Invalid)?).into_owned();
        if !reads_as_registry(&registry) {
            return Err(LocationError::Unnameable);
        }
        let path = image.path.written();
        let path = path.strip_suffix(BELOW).unwrap_or(path);
        Ok(Self {
            registry,
            path: path.trim_end_matches('/').to_owned(),
        })
    }

    pub(crate) fn registry(registry: &str) -> Self {
        Self {
            registry: normalized(registry).into_owned(),
            path: String::new(),
        }
    }

    /// With the `/` at the end.
    pub(crate) fn prefix(&self) -> String {
        match self.path.as_str() {
            "" => format!("{}/", self.registry),
            path => format!("{}/{path}/", self.registry),
        }
    }

    /// What stands behind the registry in a target: the path, and behind it a template.
    pub(crate) fn rest(&self, template: &str) -> String {
        match self.path.as_str() {
            "" => format!("/{template}"),
            path => format!("/{path}/{template}"),
        }
    }

    /// The places that it lies below.
    pub(crate) fn above(&self) -> impl Iterator<Item = Self> + '_ {
        let slashes = self.path.match_indices('/').map(|(slash, _)| slash);
        let ends = (!self.path.is_empty()).then_some(0).into_iter().chain(slashes);
        ends.map(|end| Self {
            registry: self.registry.clone(),
            path: self.path.get(..end).unwrap_or_default().to_owned(),
        })
    }
}

/// Whether a text can be the registry of a rule, as it is compared.
pub(crate) fn is_registry(text: &str) -> bool {
    Location::parse(text) == Ok(Location::registry(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_as_an_image_below_it_would_be() {
        let location = |value| Location::parse(value).map(|location| location.prefix());
        for (value, prefix) in [
            ("h.io", "h.io/"),
            ("H.io:443/hub/", "h.io/hub/"),
            ("h.io:5000/a/b", "h.io:5000/a/b/"),
            ("myorg", "docker.io/myorg/"),
            ("docker.io", "docker.io/"),
            ("docker.io/mirror", "docker.io/mirror/"),
            ("localhost", "localhost/"),
            ("", "docker.io/"),
        ] {
            assert_eq!(location(value).as_deref(), Ok(prefix), "{value}");
        }
        assert_eq!(location("https://h.io"), Err(LocationError::Invalid));
        assert_eq!(location("h.io/hub-"), Err(LocationError::Invalid));
        assert_eq!(location("Myorg"), Err(LocationError::Unnameable));
    }
}

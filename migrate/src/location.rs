//! Locations that lines of a map swap images to, in canonical form.

use imageswap_engine::reference::{DOCKER_HUB, Reference, normalized, reads_as_registry};

/// A registry, or a path on one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Location {
    /// In lower case, without the default port.
    pub(crate) registry: String,
    /// Without a `/` at either end. Empty for the whole registry.
    pub(crate) path: String,
}

/// The reason why a value of a map is not a location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LocationError {
    /// It does not produce a valid image, so images are kept.
    Invalid,
    /// Its registry is a bare word, which no rule can name.
    Unnameable,
    /// It is the start of a registry, so each image would get another registry.
    WithinRegistry,
}

impl Location {
    /// Parses the value of a line. An empty value is Docker Hub, because its results have no registry.
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

    /// Returns the location with a `/` at the end.
    pub(crate) fn prefix(&self) -> String {
        match self.path.as_str() {
            "" => format!("{}/", self.registry),
            path => format!("{}/{path}/", self.registry),
        }
    }

    /// Returns the part of a target after the registry: the path, followed by a template.
    pub(crate) fn rest(&self, template: &str) -> String {
        match self.path.as_str() {
            "" => format!("/{template}"),
            path => format!("/{path}/{template}"),
        }
    }

    /// Returns the locations that contain this one.
    pub(crate) fn above(&self) -> impl Iterator<Item = Self> + '_ {
        let slashes = self.path.match_indices('/').map(|(slash, _)| slash);
        let ends = (!self.path.is_empty()).then_some(0).into_iter().chain(slashes);
        ends.map(|end| Self {
            registry: self.registry.clone(),
            path: self.path.get(..end).unwrap_or_default().to_owned(),
        })
    }
}

/// Returns true if a text is a registry in canonical form that a rule can name.
pub(crate) fn is_registry(text: &str) -> bool {
    Location::parse(text) == Ok(Location::registry(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_is_parsed_like_an_image_below_it() {
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

//! An image as patterns see it.

use std::borrow::Cow;

use crate::reference::{Reference, ReferenceError, split_registry};

/// Image that Istio's injector replaces with its own.
pub(crate) const AUTO: &str = "auto";

/// Docker Hub's name, however it is spelled.
pub(crate) const DOCKER_HUB: &str = "docker.io";
const DOCKER_HUB_ALIAS: &str = "index.docker.io";
/// What Docker Hub puts before a name of one segment.
pub(crate) const OFFICIAL: &str = "library/";
/// The port that every registry has anyway.
pub(crate) const DEFAULT_PORT: &str = ":443";

/// An image in one round of deciding.
#[derive(Debug)]
pub(crate) struct Image<'a> {
    /// As it is spelled.
    pub(crate) spelled: &'a str,
    /// Registry and repository, as registries are compared: `docker.io/library/nginx`.
    name: Name<'a>,
    /// The length of the registry in the name.
    registry: usize,
    /// The repository as it is spelled.
    pub(crate) written: &'a str,
    pub(crate) tag: Option<&'a str>,
    pub(crate) digest: Option<&'a str>,
    /// Whether it is spelled without a registry.
    pub(crate) is_unqualified: bool,
}

/// A registry, in lower case and without the default port.
pub(crate) fn compared(registry: &str) -> Cow<'_, str> {
    let host = registry.strip_suffix(DEFAULT_PORT).unwrap_or(registry);
    let host = if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    };
    if host == DOCKER_HUB_ALIAS {
        Cow::Borrowed(DOCKER_HUB)
    } else {
        host
    }
}

impl<'a> Image<'a> {
    /// Reads an image of a manifest.
    pub(crate) fn parse(spelled: &'a str) -> Result<Self, ReferenceError> {
        let reference = Reference::parse(spelled)?;
        // It has no registry that a rule could speak of; a runtime refuses it.
        let domain = reference.domain.ok_or(ReferenceError::Name)?;
        let written = reference.path.written();
        let is_plain = !domain.ends_with(DEFAULT_PORT)
            && !domain.bytes().any(|byte| byte.is_ascii_uppercase())
            && !reference.path.is_completed()
            && domain != DOCKER_HUB;
        let (name, registry) = if is_plain {
            let name = spelled.get(..domain.len() + 1 + written.len()).unwrap_or(spelled);
            (Name::Borrowed(name), domain.len())
        } else {
            let registry = domain.strip_suffix(DEFAULT_PORT).unwrap_or(domain);
            let is_hub =
                registry.eq_ignore_ascii_case(DOCKER_HUB) || registry.eq_ignore_ascii_case(DOCKER_HUB_ALIAS);
            let registry = if is_hub { DOCKER_HUB } else { registry };
            let official = if is_hub && !written.contains('/') {
                OFFICIAL
            } else {
                ""
            };
            (Name::joined(registry, official, written), registry.len())
        };
        Ok(Self {
            spelled,
            name,
            registry,
            written,
            tag: reference.tag,
            digest: reference.digest,
            is_unqualified: split_registry(spelled).0.is_none(),
        })
    }

    /// Registry and repository, `docker.io/library/nginx`.
    pub(crate) fn name(&self) -> &str {
        self.name.as_str()
    }

    /// The registry, `docker.io`.
    pub(crate) fn registry(&self) -> &str {
        self.name().get(..self.registry).unwrap_or_default()
    }

    /// The repository, `library/nginx`.
    pub(crate) fn path(&self) -> &str {
        self.name().get(self.registry + 1..).unwrap_or_default()
    }

    /// The tag that a pattern's tag is compared with: an image with neither tag nor digest has `latest`.
    pub(crate) fn compared_tag(&self) -> Option<&str> {
        match (self.tag, self.digest) {
            (None, None) => Some("latest"),
            (tag, _) => tag,
        }
    }

    /// Whether both are one image, however they are spelled.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.name() == other.name() && self.tag == other.tag && self.digest == other.digest
    }
}

/// A name that is no slice of its image, without allocating: a name is mostly short.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "it lives on the stack for one round, so that nothing is allocated"
)]
enum Name<'a> {
    Borrowed(&'a str),
    Inline { bytes: [u8; INLINE], length: usize },
    Owned(String),
}

/// Room for the longest repository and most registries.
const INLINE: usize = 320;

impl Name<'_> {
    fn joined(registry: &str, official: &str, written: &str) -> Self {
        let length = registry.len() + 1 + official.len() + written.len();
        let mut bytes = [0; INLINE];
        let mut at = 0;
        for (part, is_registry) in [
            (registry, true),
            ("/", false),
            (official, false),
            (written, false),
        ] {
            let Some(room) = bytes.get_mut(at..at + part.len()) else {
                return Self::Owned(format!("{}/{official}{written}", registry.to_ascii_lowercase()));
            };
            room.copy_from_slice(part.as_bytes());
            if is_registry {
                room.make_ascii_lowercase();
            }
            at += part.len();
        }
        Self::Inline { bytes, length }
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Borrowed(name) => name,
            // Put together from whole texts.
            Self::Inline { bytes, length } => bytes
                .get(..*length)
                .and_then(|bytes| std::str::from_utf8(bytes).ok())
                .unwrap_or_default(),
            Self::Owned(name) => name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_image_has_one_name_however_it_is_spelled() {
        for spelled in [
            "nginx",
            "library/nginx",
            "docker.io/nginx",
            "index.docker.io/library/nginx",
            "Docker.io/nginx",
            "docker.io:443/nginx",
            "Index.Docker.IO:443/nginx",
        ] {
            let image = Image::parse(spelled).unwrap();
            assert_eq!(image.name(), "docker.io/library/nginx", "{spelled}");
            assert_eq!((image.registry(), image.path()), ("docker.io", "library/nginx"));
        }
    }

    #[test]
    fn a_registry_is_compared_as_a_host_is() {
        for (spelled, name) in [
            ("Quay.io:443/x/y:1", "quay.io/x/y"),
            ("quay.io:8443/x", "quay.io:8443/x"),
            ("[2001:DB8::1]:5000/x", "[2001:db8::1]:5000/x"),
            ("UPPER/x", "upper/x"),
            ("localhost/x", "localhost/x"),
        ] {
            assert_eq!(Image::parse(spelled).unwrap().name(), name);
        }
    }

    #[test]
    fn a_registry_of_any_length_has_a_name() {
        let spelled = format!("{}.IO/x", "a".repeat(1000));
        assert_eq!(
            Image::parse(&spelled).unwrap().name(),
            spelled.to_ascii_lowercase()
        );
    }
}

//! The canonical form of an image: one text for all spellings of it.

use super::parse::Reference;
use super::path::RepositoryPath;
use super::registry::{DEFAULT_PORT, DOCKER_HUB, DOCKER_HUB_ALIAS, OFFICIAL};

/// Returns an image in canonical form, with its tag and its digest; `None` if it is not a valid image, or has no
/// registry that a rule could name.
///
/// ```
/// use imageswap_engine::reference::canonical;
///
/// assert_eq!(canonical("nginx:1").as_deref(), Some("docker.io/library/nginx:1"));
/// assert_eq!(canonical("Quay.io:443/a").as_deref(), Some("quay.io/a"));
/// assert_eq!(canonical("no image"), None);
/// ```
#[must_use]
pub fn canonical(image: &str) -> Option<String> {
    let reference = Reference::parse(image).ok()?;
    let mut text = CanonicalName::new(image, &reference)?.as_str().to_owned();
    if let Some(tag) = reference.tag {
        text.extend([":", tag]);
    }
    if let Some(digest) = reference.digest {
        text.extend(["@", digest]);
    }
    Some(text)
}

/// Returns registry and repository of an image in canonical form, without its tag and its digest.
#[must_use]
pub fn canonical_name(image: &str) -> Option<String> {
    let reference = Reference::parse(image).ok()?;
    Some(CanonicalName::new(image, &reference)?.as_str().to_owned())
}

/// Registry and repository of an image in canonical form: `docker.io/library/nginx`.
#[derive(Debug)]
pub struct CanonicalName<'a> {
    text: NameText<'a>,
    /// Length of the registry, in bytes.
    registry: usize,
}

impl<'a> CanonicalName<'a> {
    /// Returns the name of a reference that was parsed from this image; `None` if it has no registry.
    #[must_use]
    pub fn new(image: &'a str, reference: &Reference<'a>) -> Option<Self> {
        let domain = reference.domain?;
        Some(Self::with_domain(image, domain, reference.path))
    }

    /// Returns the name of a reference that was parsed from this image, whose registry is `domain`.
    // Inlined, because a name is large and would be copied at each return.
    #[inline]
    pub(crate) fn with_domain(image: &'a str, domain: &'a str, path: RepositoryPath<'a>) -> Self {
        let written = path.written();
        let is_canonical = !domain.ends_with(DEFAULT_PORT)
            && !domain.bytes().any(|byte| byte.is_ascii_uppercase())
            && !path.is_completed()
            && domain != DOCKER_HUB;
        if is_canonical {
            let name = image.get(..domain.len() + 1 + written.len()).unwrap_or(image);
            return Self {
                text: NameText::Borrowed(name),
                registry: domain.len(),
            };
        }
        // `normalized` would allocate.
        let registry = domain.strip_suffix(DEFAULT_PORT).unwrap_or(domain);
        let is_hub =
            registry.eq_ignore_ascii_case(DOCKER_HUB) || registry.eq_ignore_ascii_case(DOCKER_HUB_ALIAS);
        let registry = if is_hub { DOCKER_HUB } else { registry };
        let official = if is_hub && !written.contains('/') {
            OFFICIAL
        } else {
            ""
        };
        Self {
            text: NameText::joined(registry, official, written),
            registry: registry.len(),
        }
    }

    /// Returns the whole name, such as `docker.io/library/nginx`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.text.as_str()
    }

    /// Returns the registry, such as `docker.io`.
    #[must_use]
    pub fn registry(&self) -> &str {
        self.as_str().get(..self.registry).unwrap_or_default()
    }

    /// Returns the repository, such as `library/nginx`.
    #[must_use]
    pub fn path(&self) -> &str {
        self.as_str().get(self.registry + 1..).unwrap_or_default()
    }
}

/// A name that is not a slice of its image. It does not allocate if it is short, as most names are.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "it lives on the stack for one round, so that nothing is allocated"
)]
enum NameText<'a> {
    Borrowed(&'a str),
    Inline { bytes: [u8; INLINE], length: usize },
    Owned(String),
}

/// Enough for the longest repository and most registries.
const INLINE: usize = 320;

impl NameText<'_> {
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
            // The parts are whole texts, so they are UTF-8.
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

    fn name(image: &str) -> String {
        let reference = Reference::parse(image).unwrap();
        let name = CanonicalName::new(image, &reference).unwrap();
        assert_eq!(format!("{}/{}", name.registry(), name.path()), name.as_str());
        assert_eq!(canonical(image).as_deref(), Some(name.as_str()));
        name.as_str().to_owned()
    }

    #[test]
    fn all_spellings_have_one_canonical_name() {
        for image in [
            "nginx",
            "library/nginx",
            "docker.io/nginx",
            "index.docker.io/library/nginx",
            "Docker.io/nginx",
            "docker.io:443/nginx",
            "Index.Docker.IO:443/nginx",
        ] {
            assert_eq!(name(image), "docker.io/library/nginx", "{image}");
        }
    }

    #[test]
    fn registries_are_compared_as_hosts() {
        for (image, canonical) in [
            ("Quay.io:443/x/y", "quay.io/x/y"),
            ("quay.io:8443/x", "quay.io:8443/x"),
            ("[2001:DB8::1]:5000/x", "[2001:db8::1]:5000/x"),
            ("UPPER/x", "upper/x"),
            ("localhost/x", "localhost/x"),
        ] {
            assert_eq!(name(image), canonical);
        }
    }

    #[test]
    fn canonical_form_has_tag_and_digest() {
        let digest = format!("sha256:{}", "0".repeat(64));
        for (image, expected) in [
            ("nginx:1", "docker.io/library/nginx:1".to_owned()),
            ("Quay.io:443/a:B", "quay.io/a:B".to_owned()),
            (
                &format!("index.docker.io/a/b:1@{digest}"),
                format!("docker.io/a/b:1@{digest}"),
            ),
        ] {
            assert_eq!(canonical(image), Some(expected));
        }
        for invalid in ["index.docker.io/a/b@sha256", "Quay.io:443/A", ""] {
            assert_eq!(canonical(invalid), None);
        }
    }

    #[test]
    fn registry_of_any_length_has_a_name() {
        let image = format!("{}.IO/x", "a".repeat(1000));
        assert_eq!(name(&image), image.to_ascii_lowercase());
    }
}

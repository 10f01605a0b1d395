//! Images, taken apart as the language has them.

use imageswap_engine::reference::Reference;

/// An image, taken apart.
pub(super) struct Image {
    pub(super) spelled: String,
    pub(super) registry: String,
    pub(super) path: Vec<String>,
    pub(super) written: String,
    pub(super) tag: Option<String>,
    pub(super) digest: Option<String>,
    pub(super) unqualified: bool,
}

impl Image {
    pub(super) fn parse(spelled: &str) -> Option<Self> {
        let reference = Reference::parse(spelled).ok()?;
        let registry = compared(reference.domain?);
        let written = reference.path.written().to_owned();
        let mut path: Vec<String> = written.split('/').map(ToOwned::to_owned).collect();
        if registry == "docker.io" && path.len() == 1 {
            path.insert(0, "library".to_owned());
        }
        Some(Self {
            spelled: spelled.to_owned(),
            registry,
            path,
            written,
            tag: reference.tag.map(ToOwned::to_owned),
            digest: reference.digest.map(ToOwned::to_owned),
            unqualified: !spelled
                .split_once('/')
                .is_some_and(|(first, _)| looks_like_a_registry(first)),
        })
    }

    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.registry, self.path.join("/"))
    }
}

/// Registries are compared as hosts are.
pub(super) fn compared(registry: &str) -> String {
    let registry = registry.to_lowercase();
    let registry = registry.strip_suffix(":443").unwrap_or(&registry);
    if registry == "index.docker.io" {
        "docker.io"
    } else {
        registry
    }
    .to_owned()
}

pub(super) fn looks_like_a_registry(segment: &str) -> bool {
    segment.contains(['.', ':']) || segment == "localhost" || segment.chars().any(char::is_uppercase)
}

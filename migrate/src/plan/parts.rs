//! The lines of a map by kind.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use imageswap_engine::reference::{OFFICIAL_IMAGES, Reference, normalized, split_port, split_registry};
use imageswap_engine::syntax::map::Key;

use crate::location::LocationError;
use crate::map::OldMap;

/// The reason why a line has no rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Idle {
    /// Its key matches no image.
    NoImage,
    /// Its key is a registry with a path.
    PathInKey,
    /// There is no `default` line.
    NoDefault,
    /// Its value does not produce a valid image, so images are kept.
    Unusable,
    /// The registry of its value is a bare word.
    Unnameable,
    /// An empty entry of `noswap_wildcards` occurs in every image.
    EmptyEntry,
}

impl From<LocationError> for Idle {
    fn from(why: LocationError) -> Self {
        match why {
            LocationError::Invalid | LocationError::WithinRegistry => Self::Unusable,
            LocationError::Unnameable => Self::Unnameable,
        }
    }
}

/// The lines by kind. The numbers are indexes of the effective lines.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// Lines `[EXACT]`, with the image.
    pub(super) exact: Vec<(usize, String)>,
    /// Lines `[REPLACE]`, with the glob of their rule.
    pub(super) globs: Vec<(usize, String)>,
    pub(super) registries: Vec<Registry>,
    /// Keys of the lines for registries.
    pub(super) names: HashSet<String>,
    pub(super) official: Option<usize>,
    pub(super) default: Option<usize>,
    /// Line `noswap_wildcards`, with its entries.
    pub(super) noswap: Option<(usize, Vec<String>)>,
    pub(super) idle: BTreeMap<usize, Idle>,
    /// Ports of each host, as the map and the given images have them.
    pub(super) ports: BTreeMap<String, BTreeSet<String>>,
    /// Registries in the keys for images and globs.
    pub(super) named: BTreeSet<String>,
}

/// A line for a registry.
#[derive(Clone, Debug)]
pub(super) struct Registry {
    pub(super) line: usize,
    /// Key of the line.
    pub(super) name: String,
    pub(super) host: String,
    pub(super) port: Option<String>,
}

impl Registry {
    /// Returns true if the key is in canonical form.
    pub(super) fn is_plain(&self) -> bool {
        normalized(&self.name) == self.name
    }

    /// Returns true if the key is a registry without a port, such as `localhost` or a name with a dot.
    pub(super) fn is_registry_by_itself(&self) -> bool {
        split_registry(&format!("{}/app", self.name)).0.is_some()
    }
}

impl Parts {
    pub(super) fn new(map: &OldMap) -> Self {
        let mut parts = Self::default();
        let has_default = map.find(Key::Default).is_some();
        for (at, line) in map.lines.iter().enumerate() {
            let idle = match line.key() {
                Key::Default => {
                    parts.default = Some(at);
                    None
                }
                Key::NoswapWildcards => {
                    parts.noswap = Some((at, entries(&line.value)));
                    (!has_default).then_some(Idle::NoDefault)
                }
                Key::Exact(image) => parts.exact_line(at, image),
                Key::Replace(glob) => parts.glob_line(at, glob),
                Key::Registry(key) => parts.registry_line(at, key, has_default),
            };
            parts.idle.extend(idle.map(|why| (at, why)));
        }
        parts
    }

    fn exact_line(&mut self, at: usize, image: &str) -> Option<Idle> {
        if !Reference::parse(image).is_ok_and(|image| image.domain.is_some()) {
            return Some(Idle::NoImage);
        }
        self.name_registry(image);
        self.exact.push((at, image.to_owned()));
        None
    }

    fn glob_line(&mut self, at: usize, glob: &str) -> Option<Idle> {
        let Some(glob) = crate::written::glob(glob) else {
            return Some(Idle::NoImage);
        };
        if crate::written::fixed_start(&glob).contains('/') {
            self.name_registry(&glob);
        }
        self.globs.push((at, glob));
        None
    }

    fn registry_line(&mut self, at: usize, key: &str, has_default: bool) -> Option<Idle> {
        if key == OFFICIAL_IMAGES {
            self.official = Some(at);
        } else if key.contains('/') {
            self.name_registry(key);
            return Some(Idle::PathInKey);
        } else {
            let (host, port) = split_port(key);
            let is_registry = |registry: &str| {
                let image = format!("{registry}/app");
                Reference::parse(&image).is_ok_and(|image| image.domain.is_some())
                    && split_registry(&image).0 == Some(registry)
            };
            if !is_registry(key) && (port.is_some() || !is_registry(&format!("{host}:5000"))) {
                return Some(Idle::NoImage);
            }
            self.note_port(key);
            self.names.insert(key.to_owned());
            self.registries.push(Registry {
                line: at,
                name: key.to_owned(),
                host: host.to_owned(),
                port: port.map(str::to_owned),
            });
        }
        (!has_default).then_some(Idle::NoDefault)
    }

    /// Records the registry at the start of an image or a glob.
    fn name_registry(&mut self, image: &str) {
        if let (Some(registry), _) = split_registry(image) {
            self.note_port(registry);
            self.named.insert(normalized(registry).into_owned());
        }
    }

    /// Records the port of a registry.
    pub(super) fn note_port(&mut self, registry: &str) {
        if let (host, Some(port)) = split_port(registry)
            && !port.is_empty()
            && port.bytes().all(|byte| byte.is_ascii_digit())
        {
            self.ports
                .entry(host.to_owned())
                .or_default()
                .insert(port.to_owned());
        }
    }
}

/// Returns the entries of `noswap_wildcards`. An empty value has no entries.
fn entries(value: &str) -> Vec<String> {
    match value {
        "" => Vec::new(),
        _ => value.split(',').map(str::to_owned).collect(),
    }
}

//! Image references, read exactly as the distribution reference grammar reads them.
//!
//! The grammar is that of `github.com/distribution/reference`, entered where the container runtimes and the
//! kubelet enter it (`ParseNormalizedNamed`): short names are completed with `docker.io` and `library/`,
//! `index.docker.io` is an alias. Every part of a [`Reference`] is a slice of the text it was parsed from.
//!
//! This is the only module that takes an image apart and that knows the names of Docker Hub.

mod canonical;
mod parse;
mod path;
mod registry;

pub use canonical::{CanonicalName, canonical, canonical_name};
pub use parse::{Reference, ReferenceError};
pub(crate) use parse::{is_digest, is_path_component, is_tag};
pub use path::RepositoryPath;
pub use registry::{
    DEFAULT_PORT, DOCKER_HUB, DOCKER_HUB_ALIAS, OFFICIAL, OFFICIAL_IMAGES, is_domain, normalized,
    reads_as_registry, split_port, split_registry,
};

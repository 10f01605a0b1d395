//! Image references, read exactly as the distribution reference grammar defines them.
//!
//! The grammar is that of `github.com/distribution/reference`, from the function that the container runtimes and the
//! kubelet call (`ParseNormalizedNamed`): it completes short names with `docker.io` and `library/`, and
//! `index.docker.io` is an alias. Every part of a [`Reference`] is a slice of the text from which it was parsed.
//!
//! Only this module splits an image into its parts and knows the names of Docker Hub.

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

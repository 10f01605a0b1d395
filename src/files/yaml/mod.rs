//! Kubernetes YAML and JSON: objects, and ConfigMaps whose texts have their positions.

mod align;
mod config_map;
mod json;
mod objects;
mod place;
#[cfg(test)]
mod tests;
mod tree;

pub use self::config_map::{BinaryEntry, ConfigMap, Entry, config_maps};
pub use self::objects::objects;
pub use self::place::YamlError;

//! Kubernetes YAML and JSON: ConfigMaps whose texts know their places, and objects.

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

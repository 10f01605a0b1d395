//! Kubernetes YAML with spans: ConfigMaps and objects.
#![forbid(unsafe_code)]

mod yaml;

pub use self::yaml::{BinaryEntry, ConfigMap, Entry, YamlError, config_maps, objects};

//! Files: reading with limits, Kubernetes YAML with spans, lists of images, and atomic replacement.
#![forbid(unsafe_code)]

mod image_fields;
mod images;
mod kubernetes;
mod read;
mod text;
mod volume;
mod write;
mod yaml;

pub use self::image_fields::{FieldImage, ImageField, InvalidImageField, ObjectKind, likely_image_field};
pub use self::images::{listed_images, manifests};
pub use self::kubernetes::is_kubernetes;
pub use self::read::{
    MAX_INPUT, MAX_READ, ReadError, ReadReason, STDIN, display_name, is_from_shell, is_pipe_from_shell, read,
    read_once,
};
pub use self::text::{NotText, to_text};
pub use self::volume::{MayBeGone, is_volume, list_directory, read_consistently};
pub use self::write::{Replace, WriteError, WriteReason, make_private, write};
pub use self::yaml::{BinaryEntry, ConfigMap, Entry, YamlError, config_maps, objects};

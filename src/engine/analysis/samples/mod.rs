//! Sample images. Only this module makes up images: from patterns, from maps, and for registries that nothing names.

mod few;
mod fill;
mod legacy;
mod pattern;
mod plain;

pub(crate) use few::few;
pub(crate) use fill::TEXTS;
pub(crate) use legacy::{of_key, of_legacy};
pub(crate) use pattern::{digest_of, of_pattern, of_several_names};
pub(crate) use plain::{QUALIFIED, at_home};
pub use plain::{
    app_at, below, containing, everywhere, in_path, mirrored_below, of_glob, of_hub, of_others, of_prefix,
    of_registry, official, tagged, unqualified, with_library,
};

//! Files of the repository.

use std::fs;
use std::path::{Path, PathBuf};

/// Returns the path of a file or directory of the repository.
pub fn path(path: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(path)
}

/// Reads a text of the repository.
///
/// # Panics
///
/// If it cannot be read.
pub fn read(path: &str) -> String {
    fs::read_to_string(self::path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

//! Files of the repository.

use std::fs;
use std::path::{Path, PathBuf};

/// Returns the path of a file or directory of the repository.
///
/// Cargo sets the variable for each run. The path at compile time may be that of another checkout, which shares the
/// target directory.
pub fn path(path: &str) -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    let root = package
        .ancestors()
        .find(|directory| directory.join("grammar").is_dir());
    root.unwrap_or(Path::new(".")).join(path)
}

/// Reads a text of the repository.
///
/// # Panics
///
/// If it cannot be read.
pub fn read(path: &str) -> String {
    fs::read_to_string(self::path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

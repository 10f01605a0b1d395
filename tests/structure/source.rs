//! The crates of the workspace, on disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::workspace::Workspace;

/// The crates whose structure is checked: their names in paths, and the files that they begin with.
pub const CRATES: [(&str, &str); 4] = [
    ("imageswap_engine", "src/engine/lib.rs"),
    ("imageswap_files", "src/files/lib.rs"),
    ("imageswap_migrate", "migrate/src/lib.rs"),
    ("imageswap", "src/main.rs"),
];

/// Returns the path of a file of the repository.
///
/// Cargo sets the variable for each run. The path at compile time may be that of another checkout, which shares the
/// target directory.
pub fn repository(path: &str) -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    let root = package
        .ancestors()
        .find(|directory| directory.join("grammar").is_dir());
    root.unwrap_or(Path::new(".")).join(path)
}

/// Returns the modules of [`CRATES`], which are read once.
///
/// # Panics
///
/// If a file is not Rust, or a module has no file.
pub fn workspace() -> &'static Workspace {
    static WORKSPACE: LazyLock<Workspace> =
        LazyLock::new(|| Workspace::new(&CRATES, &|path| fs::read_to_string(repository(path)).ok()));
    &WORKSPACE
}

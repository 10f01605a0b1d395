//! Lists of images, and the manifests of a directory.

use std::fs;
use std::path::{Path, PathBuf};

use super::kubernetes::is_named_kubernetes;
use super::read::{ReadError, ReadReason, display_name};

/// Returns the images of a list, one a line. Empty lines and comments are ignored.
pub fn listed_images(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Returns the manifests of a path: a file itself, and of a directory all YAML and JSON in it and below it, in the order
/// of the paths.
///
/// # Errors
///
/// Returns an error if a directory cannot be read.
pub fn manifests(path: &Path) -> Result<Vec<PathBuf>, ReadError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    let mut directories = vec![path.to_owned()];
    while let Some(directory) = directories.pop() {
        let fail = |error| ReadError::new(display_name(&directory), ReadReason::Io(error));
        for entry in fs::read_dir(&directory).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let path = entry.path();
            // Directories such as `.git` have no manifests to compare.
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            // A link to a directory may form a cycle, so links are not followed.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                directories.push(path);
            } else if is_named_kubernetes(&path) && path.is_file() {
                files.push(path);
            }
        }
    }
    // Sorted, because the order of a directory differs between file systems.
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_ignores_comments_and_empty_lines() {
        let images: Vec<_> = listed_images("\u{feff}nginx\n\n # x\n a/b \n").collect();
        assert_eq!(images, ["nginx", "a/b"]);
    }
}

//! Images that are given: in a list, or in manifests of any kind.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::read::{Failed, name_of, read};

/// The images of a list, one a line; empty lines and comments are skipped.
pub fn of_list(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The images of a file of manifests, or of all those in a directory and below it, in the order of their names.
///
/// # Errors
///
/// Where one can't be read, or is neither YAML nor JSON.
pub(crate) fn of_manifests(path: &Path) -> Result<Vec<String>, Failed> {
    let mut images = Vec::new();
    for file in manifests(path)? {
        let text = read(&file)?;
        let objects = imageswap_files::objects(&text)
            .map_err(|error| Failed(format!("cannot read {}: {error}", name_of(&file))))?;
        for object in &objects {
            collect(object, &mut images);
        }
    }
    Ok(images)
}

/// A file itself, and of a directory all manifests in it and below it, in the order of their names.
///
/// # Errors
///
/// Where a directory can't be read.
pub fn manifests(path: &Path) -> Result<Vec<PathBuf>, Failed> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        let fail = |error| Failed(format!("cannot read {}: {error}", folder.display()));
        for entry in fs::read_dir(&folder).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            let is_manifest = [".yaml", ".yml", ".json"]
                .iter()
                .any(|ending| name.ends_with(ending));
            if name.starts_with('.') {
                continue;
            }
            // A link to a directory may lead back here.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(path);
            } else if is_manifest && path.is_file() {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Takes every field `image`, and the `reference` of image volumes. What an object is found to be (`status`) is passed
/// over: there images are as they were swapped.
fn collect(value: &Value, images: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match (key.as_str(), value) {
                    ("status" | "metadata", _) => {}
                    ("image", Value::String(image)) if !image.is_empty() => images.push(image.clone()),
                    ("image", Value::Object(volume)) => {
                        images.extend(volume.get("reference").and_then(Value::as_str).map(str::to_owned));
                        collect(value, images);
                    }
                    _ => collect(value, images),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, images)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_an_image_is_found_wherever_it_stands() {
        let object = serde_json::json!({
            "kind": "Any",
            "metadata": {"annotations": {"image": "no"}},
            "spec": {"image": "a", "pods": [{"image": "b"}, {"volumes": [{"image": {"reference": "c"}}]}]},
            "status": {"image": "no"},
        });
        let mut images = Vec::new();
        collect(&object, &mut images);
        assert_eq!(images, ["a", "b", "c"]);
        assert_eq!(
            of_list("\u{feff}nginx\n\n # x\n a/b \n").collect::<Vec<_>>(),
            ["nginx", "a/b"]
        );
    }
}

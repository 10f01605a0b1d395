//! Images that are given in manifests of any kind.

use std::path::Path;

use imageswap_files::{MAX_INPUT, display_name, manifests, objects, read_once};
use serde_json::Value;

/// The images of a file of manifests, or of all those in a directory and below it, in the order of their names.
///
/// # Errors
///
/// Where one can't be read, or is neither YAML nor JSON.
pub fn images_of_manifests(path: &Path) -> Result<Vec<String>, String> {
    let mut images = Vec::new();
    for file in manifests(path).map_err(|error| error.to_string())? {
        let text = read_once(&file, MAX_INPUT).map_err(|error| error.to_string())?;
        let objects =
            objects(&text).map_err(|error| format!("cannot read {}: {error}", display_name(&file)))?;
        for object in &objects {
            collect(object, &mut images);
        }
    }
    Ok(images)
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
    }
}

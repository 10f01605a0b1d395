//! The content of the image, its labels, and its limits.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::image::Image;

/// Maximum size of all files, in bytes.
const MAX_UNPACKED: u64 = 16 << 20;

/// Maximum size of all layers, compressed as a registry has them, in bytes.
const MAX_COMPRESSED: u64 = 8 << 20;

#[test]
fn image_is_smaller_than_its_limits() {
    let Some(image) = Image::built() else { return };
    let container = image.container();
    let unpacked: u64 = files(&container.root())
        .iter()
        .map(|path| fs::symlink_metadata(path).unwrap().len())
        .sum();
    let layers = image.manifest()["layers"].clone();
    let layers = layers.as_array().unwrap().iter();
    let compressed: u64 = layers.map(|layer| layer["size"].as_u64().unwrap()).sum();
    // The test harness does not capture it, so that the log has the sizes of each run.
    writeln!(
        io::stderr(),
        "image: {unpacked} bytes unpacked, {compressed} bytes compressed"
    )
    .unwrap();
    assert!(unpacked > 0 && unpacked <= MAX_UNPACKED);
    assert!(compressed > 0 && compressed <= MAX_COMPRESSED);
}

#[test]
fn image_has_the_program_once() {
    let Some(image) = Image::built() else { return };
    let container = image.container();
    let root = container.root();
    let mut names: Vec<String> = files(&root.join("app"))
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["LICENSE", "gunicorn", "imageswap", "imageswap-init.py"]);
    for link in ["gunicorn", "imageswap-init.py"] {
        assert_eq!(
            fs::read_link(root.join("app").join(link)).unwrap(),
            Path::new("imageswap")
        );
    }
    let program = fs::metadata(root.join("app/imageswap")).unwrap();
    // Nothing in the image can be changed by its user.
    assert_eq!((program.mode() & 0o7777, program.uid()), (0o755, 0));
}

#[test]
fn configuration_fits_both_kinds_of_manifests() {
    let Some(image) = Image::built() else { return };
    let config = image.config();
    assert_eq!(config["User"], "65532:65532");
    assert_eq!(config["Env"], json!(["PATH=/app"]));
    assert_eq!(config["Entrypoint"], json!(["/app/imageswap"]));
    assert_eq!(config["Cmd"], json!(["serve"]));
    assert_eq!(config["ExposedPorts"], json!({"5000/tcp": {}, "9090/tcp": {}}));
}

#[test]
fn labels_have_the_version_and_the_commit() {
    let Some(image) = Image::built() else { return };
    let labels = image.config()["Labels"].clone();
    let label = |name: &str| labels[format!("org.opencontainers.image.{name}")].clone();
    assert_eq!(label("title"), env!("CARGO_PKG_NAME"));
    assert_eq!(label("description"), env!("CARGO_PKG_DESCRIPTION"));
    assert_eq!(label("source"), env!("CARGO_PKG_REPOSITORY"));
    assert_eq!(label("licenses"), env!("CARGO_PKG_LICENSE"));
    assert_eq!(label("version"), env!("CARGO_PKG_VERSION"));
    let revision = label("revision");
    assert!(
        revision.as_str().is_some_and(|commit| commit.len() == 40),
        "{revision}"
    );
    assert_eq!(labels.as_object().unwrap().len(), 6);
}

/// Returns every file and link below a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            all.extend(files(&entry.path()));
        } else {
            all.push(entry.path());
        }
    }
    all
}

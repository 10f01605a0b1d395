//! The SBOM of a release, compared with the program of the image.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use imageswap_tests_support::repository;
use serde_json::Value;

use crate::image::Image;

#[test]
fn sbom_has_the_crates_of_the_program() {
    let Some(image) = Image::built() else { return };
    let container = image.container();
    let program = fs::read(container.root().join("app/imageswap")).unwrap();
    let program = String::from_utf8_lossy(&program);
    // The messages of panics have the paths of the sources: /cargo/registry/src/REGISTRY/NAME-VERSION/FILE.
    let paths = program.split("/cargo/registry/src/").skip(1);
    let seen: BTreeSet<&str> = paths.filter_map(|path| path.split('/').nth(1)).collect();
    assert!(seen.len() > 40, "{seen:?}");

    let output = Command::new(repository::path("deploy/image/sbom"))
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let sbom: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&sbom["bomFormat"], &sbom["specVersion"]),
        (&"CycloneDX".into(), &"1.5".into())
    );
    assert_eq!(
        sbom["metadata"]["component"]["version"],
        env!("CARGO_PKG_VERSION")
    );
    let components = sbom["components"].as_array().unwrap();
    let listed: BTreeSet<String> = components
        .iter()
        .map(|component| {
            assert!(component["licenses"].is_array(), "{component}");
            let text = |field: &str| component[field].as_str().unwrap();
            format!("{}-{}", text("name"), text("version"))
        })
        .collect();
    let missing: Vec<&&str> = seen.iter().filter(|name| !listed.contains(**name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    // salvo has it as an option that is off: a scanner would report its faults as ours.
    assert!(
        !listed.iter().any(|name| name.starts_with("aws-lc")),
        "{listed:?}"
    );
}

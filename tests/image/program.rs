//! The program of the image, called by each of its names.

use std::process::Command;

use imageswap_tests_support::repository;

use crate::image::Image;

/// Runs a command to its end, and returns its exit status, stdout and stderr.
fn ended(mut command: Command) -> (Option<i32>, String, String) {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn version_has_the_commit() {
    let Some(image) = Image::built() else { return };
    let commit = Command::new("git")
        .args(["rev-parse", "--short=12", "HEAD"])
        .current_dir(repository::path(""))
        .output()
        .unwrap();
    let commit = String::from_utf8(commit.stdout).unwrap();
    let expected = format!(
        "imageswap {} (commit {})\n",
        env!("CARGO_PKG_VERSION"),
        commit.trim()
    );
    let container = image.container();
    let (status, stdout, stderr) = ended(container.run(&[], &["/app/imageswap", "--version"]));
    assert_eq!((status, stdout), (Some(0), expected.clone()), "{stderr}");
    let (status, stdout, stderr) = ended(image.restricted(&[], &["--version"]));
    assert_eq!((status, stdout), (Some(0), expected), "{stderr}");
}

#[test]
fn init_container_fails_with_a_reason() {
    let Some(image) = Image::built() else { return };
    let container = image.container();
    for (status, _, stderr) in [
        ended(container.run(&[], &["/app/imageswap-init.py"])),
        ended(image.restricted(&["--entrypoint", "/app/imageswap-init.py"], &[])),
    ] {
        assert_eq!(status, Some(1), "{stderr}");
        assert!(
            stderr.contains("\"error\":\"the init container cannot use its ServiceAccount"),
            "{stderr}"
        );
    }
}

//! Texts of the Dockerfile that repeat those of Cargo.toml.

use imageswap_tests_support::repository::read;

#[test]
fn labels_of_the_dockerfile_are_those_of_cargo_toml() {
    let dockerfile = read("Dockerfile");
    for (label, value) in [
        ("title", env!("CARGO_PKG_NAME")),
        ("description", env!("CARGO_PKG_DESCRIPTION")),
        ("source", env!("CARGO_PKG_REPOSITORY")),
        ("licenses", env!("CARGO_PKG_LICENSE")),
        ("version", env!("CARGO_PKG_VERSION")),
    ] {
        let line = format!("org.opencontainers.image.{label}=\"{value}\"");
        assert!(dockerfile.contains(&line), "{line} is missing");
    }
}

#[test]
fn dockerfile_has_the_rust_version_of_cargo_toml() {
    let image = format!("docker.io/library/rust:{}.", env!("CARGO_PKG_RUST_VERSION"));
    assert!(read("Dockerfile").contains(&image), "{image} is missing");
}

//! Reviews that a container answers over TLS.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use imageswap_tests_support::recorded::review;
use imageswap_tests_support::webhook::{Pair, Start, Volume};

use crate::image::Image;
use crate::running::Running;

/// Mounts files that the user of the image can read, as the kubelet does.
fn volume(files: &[(&str, &[u8])]) -> Volume {
    let volume = Volume::mount(files);
    fs::set_permissions(volume.path(), fs::Permissions::from_mode(0o755)).unwrap();
    volume
}

/// Returns the option that mounts a directory.
fn mount(from: &Path, to: &str) -> String {
    format!("--volume={}:{to}:ro", from.display())
}

fn maps() -> Volume {
    volume(&[("imageswap-maps.conf", b"default::registry.example.com\n")])
}

/// Sends a review that a real API server made.
#[track_caller]
fn answers(container: &Running, expected: &str) {
    let answer = container.0.post(&review("018-create-pods-web-7bfb4bc78d.json"));
    assert_eq!(answer.images(), [expected]);
    assert_eq!(container.0.get("/readyz").text(), "ready\n");
}

#[test]
fn container_answers_a_review() {
    let Some(image) = Image::built() else { return };
    let container = image.container();
    let maps = maps();
    let mut run = container.run(&[&mount(maps.path(), "/app/maps")], &["/app/imageswap"]);
    run.args(Start::ARGUMENTS).arg("--self-signed");
    answers(&Running::start(run), "registry.example.com/nginx:1.25");
}

#[test]
fn restricted_container_serves_by_its_arguments_alone() {
    let Some(image) = Image::built() else { return };
    let rules = volume(&[(
        "10.rules",
        b"rules v1\n\nswap docker.io/ -> registry.example.com/hub/\n",
    )]);
    let options = [&*mount(rules.path(), "/etc/imageswap/rules")];
    let mut run = image.restricted(&options, &Start::ARGUMENTS);
    run.args(["--rules", "/etc/imageswap/rules"])
        .args(["--self-signed", "--shutdown-delay", "0"]);
    let container = Running::start(run);
    answers(&container, "registry.example.com/hub/library/nginx:1.25");
    container.end();
}

#[test]
fn restricted_container_serves_as_the_deployment_of_v1_5_3() {
    let Some(image) = Image::built() else { return };
    let (maps, tls) = (maps(), volume(&Pair::generate().files()));
    let options = [
        "--entrypoint=gunicorn",
        &*mount(maps.path(), "/app/maps"),
        &*mount(tls.path(), "/tls"),
        "--env=IMAGESWAP_LISTEN=127.0.0.1:0",
        "--env=IMAGESWAP_HTTP_LISTEN=127.0.0.1:0",
        "--env=IMAGESWAP_SHUTDOWN_DELAY=0",
    ];
    let container = Running::start(image.restricted(&options, &["imageswap:app", "--config=config.py"]));
    answers(&container, "registry.example.com/nginx:1.25");
    container.end();
}

//! The commands of the README.

use std::fs;

use imageswap_tests_support::pages::blocks;
use imageswap_tests_support::repository;
use imageswap_tests_support::webhook::{Start, eventually};
use serde_json::Value;

use crate::IMAGESWAP;

#[test]
fn commands_of_the_readme_work() {
    let readme = repository::read("README.md");
    let commands = blocks(&readme, "sh");
    let arguments = commands[0]
        .trim_end()
        .strip_prefix("cargo run --release --locked -- serve ")
        .expect("the first command starts the webhook");
    // `cargo run` passes the variables of the build script to the program.
    let mut start = Start::new(IMAGESWAP).env("BUILD_COMMIT", "0123456789ab");
    for argument in arguments.split(' ') {
        start = start.args([argument]);
    }
    let server = start.in_repository().serve();
    // The output is that of the README, except for the port.
    eventually("the curl", || server.stderr().contains("curl "));
    let printed = server.stderr();
    let curl = printed
        .lines()
        .find(|line| line.trim().starts_with("curl "))
        .expect(&printed);
    let port = format!(":{}/", server.address.port());
    assert_eq!(curl.trim().replace(&port, ":5000/"), commands[1].trim());

    // The log has no warning, such as one about a variable that `cargo run` sets.
    assert!(
        server.log().iter().all(|line| line["level"] == "INFO"),
        "{printed}"
    );

    let review = commands[1]
        .split(['@', ' '])
        .find(|word| word.ends_with(".json"))
        .unwrap();
    let body = fs::read(repository::path(review)).unwrap();
    let answer = server.post(&body);
    let shown = blocks(&readme, "json");
    assert_eq!(answer.review(), serde_json::from_str::<Value>(shown[0]).unwrap());
    let patch: Value = serde_json::from_str(shown[1]).unwrap();
    let (path, value) = &answer.patch()[0];
    assert_eq!(
        patch,
        serde_json::json!([{"op": "replace", "path": path, "value": value}])
    );
}

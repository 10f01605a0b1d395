//! A log that cannot be written: the webhook serves, and ends with status 0.

use std::fs::File;
use std::io;
use std::process::Stdio;

use imageswap_tests_support::webhook::{MAP, Server, Start, pod};
use serde_json::Value;

use crate::IMAGESWAP;

fn serve(stderr: impl Into<Stdio>) -> Server {
    Start::new(IMAGESWAP)
        .self_signed()
        .map(MAP)
        .args(["--shutdown-delay", "0"])
        .serve_with_stderr(stderr)
}

fn answers_and_ends(mut server: Server) {
    for _ in 0..20 {
        assert_eq!(server.swap("nginx").unwrap(), "mirror.example.com/hub/nginx");
    }
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn full_disk_under_the_log_fails_no_request_and_no_shutdown() {
    answers_and_ends(serve(File::create("/dev/full").unwrap()));
}

#[test]
fn closed_stderr_fails_no_request_and_no_shutdown() {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    answers_and_ends(serve(writer));
}

#[test]
fn unread_log_fails_no_request_and_takes_little_memory() {
    const LINES: usize = 200;
    let (_reader, writer) = io::pipe().unwrap();
    let mut server = serve(writer);
    let mut review: Value = serde_json::from_slice(&pod(&["nginx"])).unwrap();
    // The line of the log has the name.
    review["request"]["name"] = "x".repeat(1 << 20).into();
    let body = review.to_string().into_bytes();
    let mut connection = server.connect();
    for _ in 0..LINES {
        assert_eq!(connection.post("/", &body).images().len(), 1);
    }
    let peak = server.peak_memory() >> 10;
    tell!("{LINES} lines of 1 MiB that nobody reads take {peak} MiB");
    assert!(peak < 64, "{peak} MiB");
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0));
}

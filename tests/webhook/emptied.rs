//! Sets that lose all their rules: a mistake never replaces rules by none.

use std::fs;
use std::path::Path;

use imageswap_tests_support::webhook::{Server, Start, Volume, eventually};

use crate::IMAGESWAP;

const MAP: &[u8] = b"default::\ndocker.io::h.example.com/hub\n";
const RULES: &[u8] = b"rules v1\nswap docker.io/ -> h.example.com/hub/\n";
/// Files of a volume.
type Files<'f> = &'f [(&'f str, &'f [u8])];

/// The end of each message about a set without rules.
const HOW: &str = "; to want no rules, write `rules v1` alone, or the single line `default::` in a map";

fn serve_map(path: &Path) -> Server {
    Start::new(IMAGESWAP)
        .self_signed()
        .args(["--maps-file", path.to_str().unwrap()])
        .serve()
}

fn serve_rules(path: &Path) -> Server {
    Start::new(IMAGESWAP).self_signed().rules(path).serve()
}

/// Waits until a reload was rejected for a reason, and asserts that log, metric and `/readyz` say so, and that the
/// webhook still swaps.
#[track_caller]
fn assert_rejected(server: &Server, before: f64, reason: &str) {
    eventually("the rejection", || failures(server) > before);
    let line = server.wait_for_log(|line| {
        let error = line["error"].as_str();
        line["message"] == "reload failed" && error.is_some_and(|error| error.contains(reason))
    });
    assert_eq!(line["level"], "ERROR");
    let answer = server.get("/readyz");
    let body = answer.text();
    assert_eq!(answer.status, 200);
    assert!(
        body.starts_with("ready\nrules: reload failed, the previous rules stay active: "),
        "{body}"
    );
    assert!(body.contains(reason), "{reason}: {body}");
    assert!(swaps(server), "{reason}");
}

fn failures(server: &Server) -> f64 {
    server.metric("imageswap_reloads_total", "result=\"failed\",what=\"rules\"")
}

fn swaps(server: &Server) -> bool {
    server.swap("acme/x").as_deref() == Some("h.example.com/hub/acme/x")
}

#[test]
fn map_that_loses_its_lines_is_rejected() {
    let mut maps = Volume::mount(&[("maps", MAP)]);
    let server = serve_map(&maps.file("maps"));
    assert!(swaps(&server));
    let html = b"<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n<body></body></html>\n";
    let cases: [(&[u8], &str); 8] = [
        (b"", "no line of the map matches an image"),
        (b"\n \n\n", "no line of the map matches an image"),
        (b"# later\n", "no line of the map matches an image"),
        (&[0; 4096], "maps:1:1: warning[W0901]"),
        (html, "maps:1:1: warning[W0901]"),
        (b"{}", "maps:1:1: warning[W0901]"),
        (b"null\n", "maps:1:1: warning[W0901]"),
        // Without the line `default`, v1.5.3 ignores every registry.
        (
            b"docker.io::h.example.com/hub\n",
            "without a line `default`, no registry is swapped",
        ),
    ];
    for (text, reason) in cases {
        let before = failures(&server);
        maps.update(&[("maps", text)]);
        assert_rejected(&server, before, reason);
        assert!(server.get("/readyz").text().contains(HOW));
        maps.update(&[("maps", MAP)]);
        eventually("the map", || server.get("/readyz").text() == "ready\n");
    }
    // These say that no rules are wanted.
    for text in [&b"default::\n"[..], b"rules v1\n", b"# none\nrules v1\n"] {
        server.reloads_when(|| maps.update(&[("maps", text)]));
        assert_eq!(server.swap("acme/x"), None);
        server.reloads_when(|| maps.update(&[("maps", MAP)]));
    }
}

#[test]
fn directory_that_loses_its_rules_is_rejected() {
    let mut rules = Volume::mount(&[("10.rules", RULES)]);
    let server = serve_rules(rules.path());
    let cases: [(Files<'_>, &str); 4] = [
        (&[], " has no rules: the set is empty and keeps every image"),
        (
            &[("10.rule", RULES)],
            "/10.rule is ignored: the files of a set are *.rules",
        ),
        (&[("rules.yaml", RULES)], "/rules.yaml is ignored: "),
        (&[("maps", b"")], "no line of the map matches an image"),
    ];
    for (files, reason) in cases {
        let before = failures(&server);
        rules.update(files);
        assert_rejected(&server, before, reason);
        assert!(server.get("/readyz").text().contains(HOW));
        rules.update(&[("10.rules", RULES)]);
        eventually("the rules", || server.get("/readyz").text() == "ready\n");
    }
    let before = failures(&server);
    rules.update(&[("10.rules", b"")]);
    assert_rejected(&server, before, "10.rules:1:1: error[");
    // This says that no rules are wanted.
    rules.update(&[("10.rules", b"rules v1\n")]);
    eventually("no rules", || server.get("/readyz").text() == "ready\n");
    assert_eq!(server.swap("acme/x"), None);
}

#[test]
fn path_that_becomes_a_directory_is_rejected() {
    let root = tempfile::tempdir().unwrap();
    for (name, text, reason) in [
        ("10.rules", RULES, "/10.rules has no rules: the set is empty"),
        ("maps", MAP, "/maps: it is a directory, not a file"),
    ] {
        let path = root.path().join(name);
        fs::write(&path, text).unwrap();
        let server = if name == "maps" {
            serve_map(&path)
        } else {
            serve_rules(&path)
        };
        let before = failures(&server);
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert_rejected(&server, before, reason);
        fs::remove_dir(&path).unwrap();
        fs::write(&path, text).unwrap();
        eventually("the file", || server.get("/readyz").text() == "ready\n");
    }
}

#[test]
fn start_without_rules_is_a_warning_with_the_reason() {
    let map = |text| Volume::mount(&[("maps", text)]);
    let rules = |files| Volume::mount(files);
    let (empty, misspelled) = (rules(&[]), rules(&[("10.rule", RULES)]));
    let (blank, html) = (map(b"\n"), map(b"<html></html>\n"));
    for (server, reason) in [
        (serve_rules(empty.path()), " has no rules: the set is empty"),
        (serve_rules(misspelled.path()), "/10.rule is ignored: "),
        (
            serve_map(&blank.file("maps")),
            "no line of the map matches an image",
        ),
        (serve_map(&html.file("maps")), "maps:1:1: warning[W0901]"),
    ] {
        let started = "started without rules, so every image stays as it is; to want no rules, ";
        let warning = server.wait_for_log(|line| {
            let message = line["message"].as_str();
            message.is_some_and(|message| message.starts_with(started))
        });
        assert_eq!(warning["level"], "WARN");
        assert!(warning["reason"].as_str().unwrap().contains(reason), "{warning}");
        assert_eq!(server.swap("acme/x"), None);
    }
    let (none, default) = (map(b"rules v1\n"), map(b"default::\n"));
    for server in [none, default].map(|map| serve_map(&map.file("maps"))) {
        server.wait_for_log(|line| line["message"] == "serving");
        let is_warning =
            |line: &serde_json::Value| line["message"].as_str().unwrap().starts_with("started without");
        assert!(!server.log().iter().any(is_warning));
    }
}

#[test]
fn set_becomes_active_after_a_start_without_rules() {
    let mut rules = Volume::mount(&[]);
    let server = serve_rules(rules.path());
    assert_eq!(server.swap("acme/x"), None);
    server.reloads_when(|| rules.update(&[("a.rules", RULES)]));
    assert!(swaps(&server));
}

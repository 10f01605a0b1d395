//! A level of the log that changes while the webhook serves.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use imageswap_tests_support::webhook::{MAP, Server, Start, Volume, eventually, pod};
use serde_json::Value;

use crate::IMAGESWAP;

const FILE: &str = "log-level";

/// Starts a webhook whose level is `info`, unless the file says something else.
fn serve(file: &Path) -> Server {
    Start::new(IMAGESWAP)
        .self_signed()
        .map(MAP)
        .args(["--log-level-file", file.to_str().unwrap()])
        .serve()
}

fn reloads(server: &Server, result: &str) -> f64 {
    let label = format!("result=\"{result}\",what=\"log-level\"");
    server.metric("imageswap_reloads_total", &label)
}

fn changes(server: &Server) -> Vec<(Value, Value, Value)> {
    let lines = server.log().into_iter();
    let changed = lines.filter(|line| line["message"] == "log level changed");
    changed
        .map(|line| (line["level"].clone(), line["from"].clone(), line["to"].clone()))
        .collect()
}

/// Waits until the log has a number of changes, and returns the last one.
#[track_caller]
fn wait_for_change(server: &Server, count: usize) -> (String, String) {
    eventually("the change of the level", || changes(server).len() >= count);
    let changes = changes(server);
    assert_eq!(changes.len(), count, "{changes:?}");
    let (level, from, to) = changes.last().unwrap().clone();
    assert_eq!(level, "INFO");
    (from.as_str().unwrap().to_owned(), to.as_str().unwrap().to_owned())
}

/// Posts a review, and returns the number of its lines, and true if one of them has the details of the level `debug`.
fn review(server: &Server, name: &str) -> (usize, bool) {
    let mut review: Value = serde_json::from_slice(&pod(&["nginx"])).unwrap();
    review["request"]["name"] = name.into();
    assert_eq!(server.post(review.to_string().as_bytes()).status, 200);
    // The thread of the log writes every 10 ms.
    thread::sleep(Duration::from_millis(200));
    let log = server.log();
    let lines: Vec<&Value> = log.iter().filter(|line| line["name"] == name).collect();
    (lines.len(), lines.iter().any(|line| line["details"].is_array()))
}

#[test]
fn level_follows_the_file_of_a_volume() {
    let mut volume = Volume::mount(&[("other", b"x")]);
    let server = serve(&volume.file(FILE));
    assert_eq!(review(&server, "a"), (1, false));
    volume.update(&[(FILE, b"debug\n")]);
    assert_eq!(wait_for_change(&server, 1), ("info".into(), "debug".into()));
    assert_eq!(review(&server, "b"), (1, true));
    // A change to a level that has no such line is logged too, and so are those from it.
    volume.update(&[(FILE, b"OFF")]);
    assert_eq!(wait_for_change(&server, 2), ("debug".into(), "off".into()));
    assert_eq!(review(&server, "c"), (0, false));
    volume.update(&[(FILE, b"\n  Error \n")]);
    assert_eq!(wait_for_change(&server, 3), ("off".into(), "error".into()));
    assert_eq!(review(&server, "d"), (0, false));
    // Without the file the option applies again, and with an empty one too.
    volume.update(&[("other", b"x")]);
    assert_eq!(wait_for_change(&server, 4), ("error".into(), "info".into()));
    assert_eq!(review(&server, "e"), (1, false));
    volume.update(&[(FILE, b"warning")]);
    assert_eq!(wait_for_change(&server, 5), ("info".into(), "warn".into()));
    assert_eq!(review(&server, "f"), (0, false));
    volume.update(&[(FILE, b" \n")]);
    assert_eq!(wait_for_change(&server, 6), ("warn".into(), "info".into()));
    assert_eq!((reloads(&server, "ok"), reloads(&server, "failed")), (6.0, 0.0));
    let log = server.log();
    let line = log
        .iter()
        .find(|line| line["message"] == "log level changed")
        .unwrap();
    assert_eq!(line["file"], volume.file(FILE).to_str().unwrap());
}

#[test]
fn plain_file_is_followed_if_written_replaced_or_removed() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join(FILE);
    let server = serve(&file);
    fs::write(&file, "debug").unwrap();
    assert_eq!(wait_for_change(&server, 1).1, "debug");
    fs::write(directory.path().join("new"), "warn").unwrap();
    fs::rename(directory.path().join("new"), &file).unwrap();
    assert_eq!(wait_for_change(&server, 2).1, "warn");
    fs::remove_file(&file).unwrap();
    assert_eq!(wait_for_change(&server, 3).1, "info");
}

#[test]
fn invalid_level_keeps_the_level_and_is_reported_once() {
    let mut volume = Volume::mount(&[(FILE, b"debug")]);
    let server = serve(&volume.file(FILE));
    let last_reload = || server.metric("imageswap_config_last_reload_successful", "what=\"log-level\"");
    assert_eq!((last_reload(), reloads(&server, "ok")), (1.0, 0.0));
    let cases: [(&[u8], &str); 3] = [
        (
            b"\nloud\n",
            "log-level:2: unknown log level `loud`; use one of off, error, warn, info, debug, trace",
        ),
        (b"warn info", "log-level:1: unexpected `info` after the log level"),
        (b"\xff", "line 1 is not UTF-8"),
    ];
    for (count, (text, reason)) in cases.into_iter().enumerate() {
        volume.update(&[(FILE, text)]);
        eventually("the failure", || reloads(&server, "failed") == (count + 1) as f64);
        server.signal("HUP");
        let ready = server.get("/readyz");
        let start = "ready\nlog-level: reload failed, the previous level stays active: ";
        assert!(
            ready.status == 200 && ready.text().starts_with(start) && ready.text().contains(reason),
            "{}",
            ready.text()
        );
        assert_eq!(last_reload(), 0.0);
        assert_eq!(review(&server, &format!("p{count}")), (1, true));
        let log = server.log();
        let failed = log.iter().filter(|line| {
            line["what"] == "log-level" && line["error"].as_str().is_some_and(|error| error.contains(reason))
        });
        let failed: Vec<_> = failed.collect();
        assert_eq!(failed.len(), 1, "{failed:?}");
        assert_eq!(
            (&failed[0]["level"], &failed[0]["active"]),
            (&"WARN".into(), &"debug".into())
        );
    }
    volume.update(&[(FILE, b"debug")]);
    eventually("the fix", || server.get("/readyz").text() == "ready\n");
    assert_eq!((last_reload(), reloads(&server, "failed")), (1.0, 3.0));
}

#[test]
fn start_uses_the_file_and_neither_an_invalid_nor_a_missing_one_ends_it() {
    let level =
        |server: &Server| server.wait_for_log(|line| line["message"] == "serving")["log_level"].clone();
    let mut volume = Volume::mount(&[(FILE, b"trace")]);
    let server = serve(&volume.file(FILE));
    assert_eq!((level(&server), reloads(&server, "ok")), ("trace".into(), 0.0));
    volume.update(&[(FILE, b"noisy")]);
    let server = serve(&volume.file(FILE));
    assert_eq!((level(&server), reloads(&server, "failed")), ("info".into(), 1.0));
    let line = server.wait_for_log(|line| line["message"] == "reload failed");
    assert_eq!(
        (&line["level"], &line["what"]),
        (&"WARN".into(), &"log-level".into())
    );
    assert!(server.swap("nginx").is_some());
    // The directory may appear later too.
    let directory = tempfile::tempdir().unwrap();
    let server = serve(&directory.path().join("settings/log-level"));
    assert_eq!(
        (level(&server), server.get("/readyz").text()),
        ("info".into(), "ready\n".to_owned())
    );
    fs::create_dir(directory.path().join("settings")).unwrap();
    fs::write(directory.path().join("settings/log-level"), "debug").unwrap();
    assert_eq!(wait_for_change(&server, 1).1, "debug");
}

#[test]
fn series_of_the_level_are_those_of_a_candidate() {
    let server = Server::start(IMAGESWAP);
    let text = server.get("/metrics").text();
    let of = |what: &str| -> Vec<String> {
        let lines = text
            .lines()
            .filter(|line| line.contains(&format!("what=\"{what}\"")));
        lines.map(|line| line.replace(what, "WHAT")).collect()
    };
    assert_eq!(of("log-level"), of("candidate"));
    let directory = tempfile::tempdir().unwrap();
    let server = serve(&directory.path().join(FILE));
    let series = server.series("imageswap_config_last_reload_successful", "what");
    assert_eq!(series["log-level"], 1.0);
}

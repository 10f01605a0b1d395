//! Reloads of a map in a mounted ConfigMap.

use std::collections::HashSet;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use imageswap_tests_support::webhook::{Connection, Pair, Server, Start, Volume, eventually, pod};

use crate::IMAGESWAP;

const FILE: &str = "imageswap-maps.conf";

/// Files of a volume, by name.
type Files<'f> = &'f [(&'f str, &'f [u8])];

fn map(target: &str) -> Vec<u8> {
    format!("default::\ndocker.io::{target}\nquay.io::{target}\n").into_bytes()
}

fn serve(maps: &Volume) -> Server {
    let path = maps.file(FILE);
    Start::new(IMAGESWAP)
        .self_signed()
        .args(["--maps-file", path.to_str().unwrap()])
        .serve()
}

#[test]
fn each_changed_map_becomes_active() {
    let mut maps = Volume::mount(&[(FILE, &map("h.io/0"))]);
    let server = serve(&maps);
    for generation in 1..=5 {
        maps.update(&[(FILE, &map(&format!("h.io/{generation}")))]);
        let expected = format!("h.io/{generation}/nginx");
        eventually("the new map", || {
            server.swap("nginx").as_deref() == Some(&expected)
        });
    }
    // A set answers reviews a moment before its reload is counted.
    eventually("the count of the last reload", || {
        server.metric("imageswap_reloads_total", "result=\"ok\",what=\"rules\"") == 5.0
    });
}

#[test]
fn plain_file_is_reloaded_if_written_or_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(FILE);
    fs::write(&path, map("h.io/0")).unwrap();
    let server = Start::new(IMAGESWAP)
        .self_signed()
        .args(["--maps-file", path.to_str().unwrap()])
        .serve();
    fs::write(&path, map("h.io/1")).unwrap();
    eventually("the written map", || {
        server.swap("nginx").as_deref() == Some("h.io/1/nginx")
    });
    fs::write(directory.path().join("new"), map("h.io/2")).unwrap();
    fs::rename(directory.path().join("new"), &path).unwrap();
    eventually("the replaced map", || {
        server.swap("nginx").as_deref() == Some("h.io/2/nginx")
    });
}

#[test]
fn invalid_map_keeps_previous_rules_and_is_reported_once() {
    let mut maps = Volume::mount(&[(FILE, &map("h.io/old"))]);
    let server = serve(&maps);
    let too_long = vec![b'#'; (8 << 20) + 1];
    let cases: [(Files<'_>, &str); 3] = [
        (
            &[(FILE, b"default::\xff\n")],
            "line 1 is not UTF-8; save it as UTF-8",
        ),
        (
            &[(FILE, &too_long)],
            "it is longer than 8 MiB; raise --max-file-size",
        ),
        (&[("another.conf", b"")], "No such file or directory (os error 2)"),
    ];
    for (count, (files, reason)) in cases.into_iter().enumerate() {
        maps.update(files);
        let line = server.wait_for_log(|line| {
            let error = line["error"].as_str();
            line["message"] == "reload failed" && error.is_some_and(|error| error.ends_with(reason))
        });
        assert_eq!(
            (&line["level"], &line["what"]),
            (&"ERROR".into(), &"rules".into()),
            "{line}"
        );
        assert_eq!(server.swap("nginx").as_deref(), Some("h.io/old/nginx"));
        let failed = server.metric("imageswap_reloads_total", "result=\"failed\",what=\"rules\"");
        assert_eq!(failed, (count + 1) as f64);
        let ready = server.get("/readyz");
        assert_eq!(ready.status, 200);
        assert!(
            ready
                .text()
                .starts_with("ready\nrules: reload failed, the previous rules stay active: ")
        );
        assert!(ready.text().contains(reason), "{}", ready.text());
    }
    maps.update(&[(FILE, &map("h.io/new"))]);
    eventually("the fixed map", || {
        server.swap("nginx").as_deref() == Some("h.io/new/nginx")
    });
    assert_eq!(server.get("/readyz").text(), "ready\n");
}

#[test]
fn restored_map_resolves_the_failure() {
    let mut maps = Volume::mount(&[(FILE, &map("h.io/old"))]);
    let server = serve(&maps);
    maps.update(&[(FILE, b"\xff")]);
    eventually("the failure", || server.get("/readyz").text() != "ready\n");
    maps.update(&[(FILE, &map("h.io/old"))]);
    eventually("the fix", || server.get("/readyz").text() == "ready\n");
}

#[test]
fn findings_of_a_changed_map_are_logged_up_to_a_limit() {
    let mut maps = Volume::mount(&[(FILE, b"default::\n")]);
    let server = serve(&maps);
    maps.update(&[(FILE, "default::\nnot a line\n".repeat(500).as_bytes())]);
    server.wait_for_log(|line| line["message"] == "979 more findings like these");
    let skipped = server
        .log()
        .into_iter()
        .filter(|line| line["code"] == "W0901")
        .count();
    assert!((1..20).contains(&skipped));
}

/// Sends one Pod after another until `stop` is set, over one connection, or each over a new one. Returns the number of
/// answers, each of which comes from a single set.
fn load(server: &Server, is_kept: bool, stop: &AtomicBool, certificates: &[Vec<u8>]) -> usize {
    let body = pod(&["nginx", "quay.io/x", "redis", "quay.io/y"]);
    let mut connection = server.connect();
    let mut answered = 0;
    let mut shown = HashSet::new();
    while !stop.load(Ordering::Relaxed) {
        if !is_kept {
            connection = Connection::open(server.address);
            shown.insert(connection.certificate());
        }
        let images = connection.post("/", &body).images();
        let target = images[0].strip_suffix("/nginx").unwrap();
        let expected = ["nginx", "x", "redis", "y"].map(|name| format!("{target}/{name}"));
        assert_eq!(images, expected, "the answer mixes two sets");
        answered += 1;
    }
    assert!(shown.iter().all(|shown| certificates.contains(shown)));
    assert!(
        is_kept || shown.len() > 1,
        "no certificate was replaced under load"
    );
    answered
}

#[test]
fn no_request_fails_during_reloads_under_load() {
    const RELOADS: usize = 20;
    let pairs: Vec<Pair> = (0..=RELOADS).map(|_| Pair::generate()).collect();
    let certificates: Vec<Vec<u8>> = pairs.iter().map(|pair| pair.der.clone()).collect();
    let mut tls = Volume::mount(&pairs[0].files());
    let mut maps = Volume::mount(&[(FILE, &map("h.io/0"))]);
    let server = Start::new(IMAGESWAP)
        .args(["--tls-dir", tls.path().to_str().unwrap()])
        .args(["--maps-file", maps.file(FILE).to_str().unwrap()])
        .serve();
    let stop = AtomicBool::new(false);
    let answered = AtomicUsize::new(0);
    thread::scope(|scope| {
        for is_kept in [true, false, true, false] {
            let (server, stop, answered, certificates) = (&server, &stop, &answered, &certificates);
            scope.spawn(move || {
                let count = load(server, is_kept, stop, certificates);
                answered.fetch_add(count, Ordering::Relaxed);
            });
        }
        // The load must end also if the rest of the test panics.
        let stopping = StopWhenDropped(&stop);
        for (generation, pair) in pairs.iter().enumerate().skip(1) {
            let started = Instant::now();
            maps.update(&[(FILE, &map(&format!("h.io/{generation}")))]);
            tls.update(&pair.files());
            let expected = format!("h.io/{generation}/nginx");
            eventually("the new map", || {
                server.swap("nginx").as_deref() == Some(&expected)
            });
            eventually("the new certificate", || {
                server.connect().certificate() == pair.der
            });
            thread::sleep(Duration::from_millis(100).saturating_sub(started.elapsed()));
        }
        drop(stopping);
    });
    let reloads = |what: &str| {
        server.metric(
            "imageswap_reloads_total",
            &format!("result=\"ok\",what=\"{what}\""),
        )
    };
    assert_eq!(
        (reloads("rules"), reloads("certificate")),
        (RELOADS as f64, RELOADS as f64)
    );
    tell!(
        "{} requests were answered during {RELOADS} reloads of each, and none failed",
        answered.load(Ordering::Relaxed)
    );
}

struct StopWhenDropped<'s>(&'s AtomicBool);

impl Drop for StopWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

//! Rules of several files in a mounted ConfigMap: a set is read completely or not at all.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use imageswap_tests_support::webhook::{Server, Start, Volume, eventually, pod};

use crate::IMAGESWAP;

/// Files of a volume, by name.
type Files<'f> = &'f [(&'f str, &'f [u8])];

/// Returns a set of three files that depend on one another: the first names the mirror, and the others swap a registry
/// to it.
fn three_files(generation: usize) -> [(&'static str, Vec<u8>); 3] {
    let hub = format!("rules v1\nlet hub = h{generation}.example.com\n");
    let swap = |registry: &str| {
        format!("rules v1\nswap {registry}/ -> {{hub}}/\ntest {registry}/x -> h{generation}.example.com/x\n")
    };
    [
        ("00-hub.rules", hub.into_bytes()),
        ("10-quay.rules", swap("quay.io").into_bytes()),
        ("20-gcr.rules", swap("gcr.io").into_bytes()),
    ]
}

fn borrowed<'f, const N: usize>(files: &'f [(&'static str, Vec<u8>); N]) -> [(&'f str, &'f [u8]); N] {
    std::array::from_fn(|at| (files[at].0, files[at].1.as_slice()))
}

/// Sends reviews until `stop` is set, and returns their number. Each answer comes from a single set.
fn load(server: &Server, stop: &AtomicBool, is_kept: bool, is_whole: impl Fn(&[String]) -> bool) -> usize {
    let body = pod(&["quay.io/x", "gcr.io/y", "quay.io/z"]);
    let mut connection = server.connect();
    let mut answered = 0;
    while !stop.load(Ordering::Relaxed) {
        if !is_kept {
            connection = server.connect();
        }
        let images = connection.post("/", &body).images();
        assert!(is_whole(&images), "the answer mixes two sets: {images:?}");
        answered += 1;
    }
    answered
}

#[test]
fn no_request_fails_or_sees_a_partial_set_under_load() {
    const RELOADS: usize = 20;
    let mut rules = Volume::mount(&borrowed(&three_files(0)));
    let server = Start::new(IMAGESWAP).self_signed().rules(rules.path()).serve();
    let stop = AtomicBool::new(false);
    let answered = AtomicUsize::new(0);
    let is_whole = |images: &[String]| {
        let hub = images[0].strip_suffix("/x").unwrap_or_default();
        !hub.is_empty() && images == ["x", "y", "z"].map(|name| format!("{hub}/{name}"))
    };
    thread::scope(|scope| {
        for is_kept in [true, false, true] {
            let (server, stop, answered) = (&server, &stop, &answered);
            scope.spawn(move || {
                let count = load(server, stop, is_kept, is_whole);
                answered.fetch_add(count, Ordering::Relaxed);
            });
        }
        // The load must end also if the rest of the test panics.
        let stopping = StopWhenDropped(&stop);
        for generation in 1..=RELOADS {
            rules.update(&borrowed(&three_files(generation)));
            let expected = format!("h{generation}.example.com/x");
            eventually("the new rules", || {
                server.swap("quay.io/x").as_deref() == Some(&expected)
            });
        }
        drop(stopping);
    });
    let reloads = |result: &str| {
        server.metric(
            "imageswap_reloads_total",
            &format!("result=\"{result}\",what=\"rules\""),
        )
    };
    assert_eq!((reloads("ok"), reloads("failed")), (RELOADS as f64, 0.0));
    assert!(answered.load(Ordering::Relaxed) > 3 * RELOADS);
    tell!(
        "{} requests were answered during {RELOADS} reloads of three files, and none failed",
        answered.load(Ordering::Relaxed)
    );
}

#[test]
fn volume_with_late_links_is_read_as_one_generation() {
    // The kubelet first switches `..data`, then adds the links of new files, then removes those of removed files.
    let one: Files<'_> = &[("10-a.rules", b"rules v1\nswap quay.io/ -> one.example.com/\n")];
    let other: Files<'_> = &[
        ("10-a.rules", b"rules v1\nlet hub = two.example.com\n"),
        ("20-b.rules", b"rules v1\nswap quay.io/ -> {hub}/\n"),
        ("30-c.rules", b"rules v1\nswap gcr.io/ -> {hub}/\n"),
    ];
    let renamed: Files<'_> = &[("00-a.rules", b"rules v1\nswap quay.io/ -> one.example.com/\n")];
    let mut rules = Volume::mount(one);
    let server = Start::new(IMAGESWAP).self_signed().rules(rules.path()).serve();
    let before = server.digest();
    let mut seen = vec![before.clone()];
    let wait = || thread::sleep(Duration::from_millis(250));
    for files in [other, renamed, other, one] {
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            let watcher = scope.spawn(|| {
                let mut seen = Vec::new();
                while !done.load(Ordering::Relaxed) {
                    let digest = server.digest();
                    if seen.last() != Some(&digest) {
                        seen.push(digest);
                    }
                    thread::sleep(Duration::from_millis(2));
                }
                seen
            });
            server.reloads_when(|| rules.update_slowly(files, wait));
            wait();
            done.store(true, Ordering::Relaxed);
            seen.extend(watcher.join().unwrap());
        });
    }
    seen.dedup();
    assert_eq!(seen.len(), 5, "no other set was ever active: {seen:?}");
    assert_eq!((&seen[1], &seen[4]), (&seen[3], &before));
    assert_eq!(
        server.metric("imageswap_reloads_total", "result=\"failed\""),
        0.0,
        "{}",
        server.stderr()
    );
}

struct StopWhenDropped<'s>(&'s AtomicBool);

impl Drop for StopWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

//! Memory of loads: a file at its size limit costs little, whatever it holds, and the memory is given back.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use imageswap_tests_support::webhook::{Server, Start, eventually_within};
use serde_json::Value;

use crate::IMAGESWAP;

/// Maximum length of a map, and of a rules file, in bytes.
const MAP: usize = 8 << 20;
const RULES: usize = 1 << 20;
/// Maximum cost of a load, in MiB, and of a load that failed once it is over.
const COST: u64 = 100;
const REST: u64 = 20;

/// Writes a file, and waits until the webhook has accepted or rejected it. Returns the line of the log.
#[track_caller]
fn reload(server: &Server, path: &Path, text: &str) -> Value {
    let before = server.log().len();
    let new = path.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(&new, path).unwrap();
    let mut found = None;
    eventually_within(Duration::from_secs(180), "the reload", || {
        let mut lines = server.log().into_iter().skip(before);
        found = lines.find(|line| line["what"] == "rules");
        found.is_some()
    });
    found.unwrap()
}

/// Returns numbered lines up to a length.
fn numbered(length: usize, line: impl Fn(usize) -> String) -> String {
    let mut text = String::new();
    for number in 0.. {
        let line = line(number);
        if text.len() + line.len() > length {
            break;
        }
        text.push_str(&line);
    }
    text
}

fn repeated(length: usize, line: &str) -> String {
    line.repeat(length / line.len())
}

fn serve(path: &Path, first: &str) -> Server {
    fs::write(path, first).unwrap();
    Start::new(IMAGESWAP)
        .self_signed()
        .rules(path.parent().unwrap())
        .serve()
}

#[test]
fn map_at_its_size_limit_costs_little_memory() {
    for (what, text) in [
        ("lines without a meaning", repeated(MAP, "x\n")),
        ("old separators", repeated(MAP, "a:b\n")),
        ("one key", repeated(MAP, "a::b\n")),
        ("invalid values", numbered(MAP, |n| format!("[EXACT]{n:x}::B\n"))),
        ("registries", numbered(MAP, |n| format!("{n:x}::b\n"))),
        (
            "targets",
            format!(
                "default::\n{}",
                numbered(MAP - 20, |n| format!("{n:x}::{n:x}-\n"))
            ),
        ),
        (
            "entries that keep images",
            format!("default::\nnoswap_wildcards::{}", repeated(MAP - 50, "a,")),
        ),
        ("empty lines", repeated(MAP, "\n")),
        (
            "short globs",
            format!(
                "default::\n{}",
                numbered(MAP - 20, |number| format!("[REPLACE]{number:x}*::a\n"))
            ),
        ),
        (
            "globs without an index",
            format!("default::\n{}", repeated(MAP - 20, "[REPLACE]*::a\n")),
        ),
        (
            "one long glob",
            format!("default::\n[REPLACE]{}::a\n", repeated(MAP - 50, "a*b")),
        ),
        (
            "one glob of sets",
            format!("default::\n[REPLACE]{}::a\n", repeated(MAP - 50, "[a]")),
        ),
        (
            "one long set",
            format!("default::\n[REPLACE][{}]::a\n", repeated(MAP - 50, "ab-d")),
        ),
        (
            "sets that are never closed",
            format!("default::\n[REPLACE]{}::a\n", repeated(MAP - 50, "[")),
        ),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("maps");
        let server = serve(&path, "default::\nquay.io::h.example.com/q\n");
        let before = server.memory() >> 10;
        let started = Instant::now();
        reload(&server, &path, &text);
        let cost = server.peak_memory().saturating_sub(before << 10) >> 10;
        tell!(
            "8 MiB of {what} cost {cost} MiB, and take {:?}",
            started.elapsed()
        );
        assert!(cost < COST, "{what}: {cost} MiB");
    }
}

#[test]
fn rejected_rules_cost_little_memory_and_give_it_back() {
    let rules = |line: &str| format!("rules v1\n{}", repeated(RULES - 20, line));
    for (what, text) in [
        ("unknown statements", rules("x\n")),
        ("statements that are cut", rules("swap a\n")),
        ("invalid placeholders", rules("swap {a} -> {b}\n")),
        ("names that are repeated", rules("keep a as b\n")),
        ("control characters", rules("#\u{1}\n")),
        ("rules that are unknown", rules("off a\n")),
        ("failed tests", rules("test a deny\n")),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("10.rules");
        let server = serve(&path, "rules v1\nswap quay.io/ -> h.example.com/q/\n");
        let before = server.memory() >> 10;
        let line = reload(&server, &path, &text);
        assert_eq!(line["message"], "reload failed", "{what}");
        let cost = server.peak_memory().saturating_sub(before << 10) >> 10;
        let after = server.gives_back(before + REST);
        tell!(
            "1 MiB of {what} costs {cost} MiB, and {} stay",
            after.saturating_sub(before)
        );
        assert!(cost < COST, "{what}: {cost} MiB");
        assert_eq!(
            server.swap("quay.io/x").as_deref(),
            Some("h.example.com/q/x"),
            "{what}"
        );
    }
}

#[test]
fn error_after_more_warnings_than_are_kept_rejects_the_set() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("10.rules");
    fs::write(directory.path().join("maps"), "words\n".repeat(3000)).unwrap();
    let server = serve(&path, "rules v1\nkeep quay.io/\n");
    server.wait_for_log(|line| line["message"] == "2980 more findings like these");
    let failed = reload(&server, &path, "rules v1\nkeep {a}\n");
    assert_eq!(failed["message"], "reload failed");
    let error = failed["error"].as_str().unwrap();
    assert!(error.contains("10.rules:2:6: error["), "{error}");
    let failed = reload(
        &server,
        &path,
        &format!("rules v1\n{}", "swop a\n".repeat(12_000)),
    );
    let error = failed["error"].as_str().unwrap();
    assert!(error.ends_with("; and 11,999 more errors"), "{error}");
    server.wait_for_log(|line| line["message"] == "14,980 more findings like these");
}

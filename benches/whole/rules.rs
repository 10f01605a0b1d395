//! A set of 100,000 rules that replaces a small set while it serves: the time and the memory that the reload needs, and
//! its effect on the latency of requests.
//!
//! Measured on two virtual cores, medians of three rounds: active after 0.57 s on two cores and 0.56 s on one; 70 MiB
//! at the peak and 49 MiB afterwards; p99 until then 1.2 times that before on both, in rounds that nothing else
//! disturbed. Where loading took both cores it was 0.45 s, but p99 was 3.6 times that before at the lowest priority,
//! and 6.4 times at the one that it has.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::server::{Server, on_core};

/// The rules of the large set.
const RULES: usize = 100_000;
/// The files that they are in.
const FILES: usize = 10;
/// The link to the current generation, as in a mounted ConfigMap.
const DATA: &str = "..data";

/// The figures of a change to the large set.
pub(crate) struct Change {
    /// From the change to the first answer of the large set, in seconds.
    pub(crate) active_after: f64,
    /// The p99 of requests before the change, in milliseconds.
    pub(crate) quiet: f64,
    /// That of requests from the change until it is active, of the one before.
    pub(crate) p99: f64,
    /// That of requests in the second after, while the old set is taken apart, of the one before.
    pub(crate) p99_after: f64,
    /// The slowest request since the change, in milliseconds.
    pub(crate) slowest: f64,
    /// The most memory that the server held, in MiB.
    pub(crate) peak: f64,
    /// Memory that the server holds some time later, in MiB.
    pub(crate) resident: f64,
}

/// A small set in a directory, and a large one next to it that is not active yet.
pub(crate) fn write(directory: &Path, name: &str) -> PathBuf {
    let directory = directory.join(name);
    for generation in ["..small", "..large"] {
        fs::create_dir_all(directory.join(generation)).expect("a writable directory");
    }
    let small =
        "rules v1\nswap docker.io/ -> small.example.com/\ntest nginx -> small.example.com/library/nginx\n";
    fs::write(directory.join("..small/10.rules"), small).expect("a writable directory");
    for file in 0..FILES {
        let path = directory.join(format!("..large/{file}0.rules"));
        fs::write(path, text(file)).expect("a writable directory");
    }
    symlink("..small", directory.join(DATA)).expect("a writable directory");
    directory
}

/// Makes the large set active.
pub(crate) fn turn(directory: &Path) {
    let link = directory.join("..data_tmp");
    symlink("..large", &link).expect("a writable directory");
    fs::rename(link, directory.join(DATA)).expect("a writable directory");
}

/// Lets a client make the large set active under its load.
pub(crate) fn change(directory: &Path, server: &Server, body: &Path, has_core: bool) -> Change {
    let this = std::env::current_exe().expect("this program");
    let output = on_core(1, this.to_str().expect("a path in UTF-8"))
        .args(["steady", &server.port.to_string()])
        .args([body, directory])
        .arg(if has_core { "spin" } else { "sleep" })
        .output()
        .expect("the client");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).expect("figures");
    let figures: Vec<f64> = text
        .split_whitespace()
        .map(|word| word.parse().expect("a figure"))
        .collect();
    let [active_after, quiet, busy, after, slowest] = figures[..] else {
        panic!("five figures are expected: {text}")
    };
    let peak = server.peak();
    std::thread::sleep(Duration::from_secs(2));
    Change {
        active_after,
        quiet: quiet * 1000.0,
        p99: busy / quiet,
        p99_after: after / quiet,
        slowest: slowest * 1000.0,
        peak,
        resident: server.resident(),
    }
}

/// One file of the large set: organizations, single images, patterns with a wildcard, denials with conditions, and
/// whole registries, each in turn; and a test for every twentieth.
fn text(file: usize) -> String {
    let mut text = "rules v1\n".to_owned();
    if file == 0 {
        text.push_str("let hub = large.example.com\nhome {hub}/\n");
    }
    let rules = RULES / FILES;
    for n in file * rules..(file + 1) * rules {
        let _ = match n % 5 {
            0 => writeln!(text, "swap docker.io/org{n}/ -> {{hub}}/hub/org{n}/"),
            1 => writeln!(
                text,
                "swap ghcr.io/team{n}/app:v1.{n} -> {{hub}}/patched/team{n}/app:v1.{n}-p1"
            ),
            2 => writeln!(text, "keep quay.io/team{n}/*/base"),
            3 => writeln!(
                text,
                "deny gcr.io/project{n}/ because \"moved\" when namespace prod-* and not label team=t{n}"
            ),
            _ => writeln!(text, "swap registry{n}.example.com/ -> {{hub}}/registry{n}/"),
        };
        if n % 20 == 0 {
            let _ = writeln!(
                text,
                "test docker.io/org{n}/app:1 -> large.example.com/hub/org{n}/app:1"
            );
        }
    }
    if file + 1 == FILES {
        // The last rule of all is the one that tells which set answers.
        text.truncate(text.trim_end().rfind('\n').map_or(0, |end| end + 1));
        text.push_str("swap docker.io/library/ -> {hub}/library/\n");
    }
    text
}

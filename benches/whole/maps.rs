//! Map files of any length, and the time until a changed map is active.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::client;
use crate::server::Server;

/// Writes a map of `lines` into a new directory.
pub(crate) fn write(directory: &Path, name: &str, lines: usize) -> PathBuf {
    let directory = directory.join(name);
    fs::create_dir(&directory).expect("a writable directory");
    let path = directory.join("imageswap-maps.conf");
    fs::write(&path, text(lines, "mirror.example.com/hub")).expect("a writable directory");
    path
}

/// Replaces the map, waits until answers come from the new one, and returns the time in seconds.
pub(crate) fn replace(path: &Path, lines: usize, server: &Server, body: &Path) -> f64 {
    let new = path.with_extension("new");
    fs::write(&new, text(lines, "other.example.com/hub")).expect("a writable directory");
    let started = Instant::now();
    fs::rename(&new, path).expect("a writable directory");
    let before = client::answer(server.port, body);
    loop {
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "the changed map never came into force"
        );
        if client::answer(server.port, body) != before {
            return started.elapsed().as_secs_f64();
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn text(lines: usize, hub: &str) -> String {
    let mut text = format!("default::\ndocker.io::{hub}\n");
    for n in 2..lines {
        let _ = writeln!(text, "registry-{n}.example.com::mirror.example.com/registry-{n}");
    }
    text
}

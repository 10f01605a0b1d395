//! Waiting for something that another process does.

use std::thread;
use std::time::{Duration, Instant};

/// Waits until something is so: longer than it should ever take, but not as long as the slow look for changed
/// files, which is there for file systems that tell nothing.
#[track_caller]
pub fn eventually(what: &str, is_so: impl FnMut() -> bool) {
    eventually_within(Duration::from_secs(8), what, is_so);
}

/// Waits until something is so, for at most this time. The longer the time, the less often it looks.
#[track_caller]
pub fn eventually_within(time: Duration, what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < time, "{what} never came");
        thread::sleep(time / 1600);
    }
}

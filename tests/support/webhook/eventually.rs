//! Waiting for something that another process does.

use std::time::{Duration, Instant};

/// Waits until something is so: longer than it should ever take, but not as long as the slow look for changed
/// files, which is there for file systems that tell nothing.
#[track_caller]
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_secs(8), "{what} never came");
        std::thread::sleep(Duration::from_millis(5));
    }
}

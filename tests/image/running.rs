//! A container that serves.

use std::process::Command;

use imageswap_tests_support::webhook::{Server, Start};

/// A container that serves, and ends with the test.
pub(crate) struct Running(pub(crate) Server);

impl Running {
    /// Starts it, and waits until it serves.
    pub(crate) fn start(command: Command) -> Self {
        Self(Start::of(command).serve())
    }

    /// Ends it as the kubelet does.
    ///
    /// # Panics
    ///
    /// If the program does not end without an error.
    pub(crate) fn end(mut self) {
        self.0.signal("TERM");
        let status = self.0.wait();
        assert!(status.success(), "{status}: {}", self.0.stderr());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.0.is_running() {
            // If buildah or podman is killed, the container stays.
            self.0.signal("TERM");
            self.0.wait();
        }
    }
}

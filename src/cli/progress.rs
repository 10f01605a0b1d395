//! Progress of long work, shown on a terminal if it takes longer than a second.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io::{self, IsTerminal as _, Stderr, Write};
use std::time::{Duration, Instant};

/// Time before the first step is shown.
const DELAY: Duration = Duration::from_secs(1);
/// Minimum time between two updates.
const PAUSE: Duration = Duration::from_millis(200);
/// Returns to the beginning of the line, and clears it.
const CLEARED: &str = "\r\x1b[K";

/// Returns a line that shows steps on stderr; `None` if that is not a terminal.
pub(super) fn on_terminal() -> Option<ProgressLine<Stderr>> {
    let stderr = io::stderr();
    stderr
        .is_terminal()
        .then(|| ProgressLine::new(stderr, DELAY, PAUSE))
}

/// Line of a terminal that is overwritten with each step, and cleared at the end.
pub(super) struct ProgressLine<W: Write> {
    to: RefCell<W>,
    pause: Duration,
    next: Cell<Instant>,
    is_shown: Cell<bool>,
}

impl<W: Write> ProgressLine<W> {
    fn new(to: W, delay: Duration, pause: Duration) -> Self {
        Self {
            to: RefCell::new(to),
            pause,
            next: Cell::new(Instant::now() + delay),
            is_shown: Cell::new(false),
        }
    }

    /// Shows a step, unless the work has just begun or a step was shown a moment ago.
    pub(super) fn show(&self, step: impl fmt::Display) {
        let now = Instant::now();
        if now < self.next.get() {
            return;
        }
        self.next.set(now + self.pause);
        self.is_shown.set(true);
        let mut to = self.to.borrow_mut();
        // Ignore the error: progress is best effort, and stderr is where errors would go.
        let _ = write!(to, "{CLEARED}{step}").and_then(|()| to.flush());
    }
}

impl<W: Write> Drop for ProgressLine<W> {
    fn drop(&mut self) {
        if self.is_shown.get() {
            let mut to = self.to.borrow_mut();
            // Ignore the error: progress is best effort.
            let _ = write!(to, "{CLEARED}").and_then(|()| to.flush());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the output for two steps after a delay.
    fn shown(delay: Duration) -> String {
        let mut screen = Vec::new();
        let line = ProgressLine::new(&mut screen, delay, Duration::ZERO);
        for done in [0, 256] {
            line.show(format_args!("comparing: {done} of 300 images"));
        }
        drop(line);
        String::from_utf8(screen).unwrap()
    }

    #[test]
    fn slow_work_shows_steps_and_leaves_no_trace() {
        assert_eq!(
            shown(Duration::ZERO),
            "\r\x1b[Kcomparing: 0 of 300 images\r\x1b[Kcomparing: 256 of 300 images\r\x1b[K"
        );
    }

    #[test]
    fn fast_work_shows_nothing() {
        assert_eq!(shown(Duration::from_secs(3600)), "");
    }
}

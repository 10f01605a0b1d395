//! Progress of a migration, shown on a terminal if it takes longer than a second.

use std::cell::{Cell, RefCell};
use std::io::{self, IsTerminal as _, Write};
use std::time::{Duration, Instant};

use imageswap_migrate::{Progress, Step};

/// Time before the first step is shown.
const DELAY: Duration = Duration::from_secs(1);
/// Minimum time between two updates.
const PAUSE: Duration = Duration::from_millis(200);
/// Returns to the beginning of the line, and clears it.
const CLEARED: &str = "\r\x1b[K";

/// Returns an observer that shows the steps on stderr if that is a terminal. They share one line, which is cleared at
/// the end.
pub(super) fn on_terminal() -> Progress {
    let stderr = io::stderr();
    if !stderr.is_terminal() {
        return Progress::silent();
    }
    let line = ProgressLine::new(stderr, DELAY, PAUSE);
    Progress::new(move |step| line.show(step))
}

/// Line of a terminal that is overwritten with each step, and cleared at the end.
struct ProgressLine<W: Write> {
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

    fn show(&self, step: Step) {
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
            line.show(Step {
                work: "comparing",
                done,
                all: Some(300),
            });
        }
        drop(line);
        String::from_utf8(screen).unwrap()
    }

    #[test]
    fn slow_migration_shows_steps_and_leaves_no_trace() {
        assert_eq!(
            shown(Duration::ZERO),
            "\r\x1b[Kcomparing: 0 of 300 images\r\x1b[Kcomparing: 256 of 300 images\r\x1b[K"
        );
    }

    #[test]
    fn fast_migration_shows_nothing() {
        assert_eq!(shown(Duration::from_secs(3600)), "");
    }
}

//! How far a migration is: said on a terminal once it takes longer than one waits without a word.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io::{self, IsTerminal as _, Write};
use std::time::{Duration, Instant};

/// How long nothing is said, and how long the same may stand there.
const PATIENCE: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(200);
/// How many items go by before the clock is looked at.
const BETWEEN: usize = 256;
/// Goes back to the beginning of the line, and clears it.
const CLEARED: &str = "\r\x1b[K";

/// Says how far a migration is, in one line that is gone at the end.
pub struct Progress {
    to: Option<RefCell<Box<dyn Write>>>,
    pause: Duration,
    next: Cell<Instant>,
    is_shown: Cell<bool>,
}

impl Progress {
    /// To stderr, if that is a terminal.
    #[must_use]
    pub fn on_terminal() -> Self {
        let stderr = io::stderr();
        let to: Option<Box<dyn Write>> = match stderr.is_terminal() {
            true => Some(Box::new(stderr)),
            false => None,
        };
        Self::new(to, PATIENCE, PAUSE)
    }

    /// To nobody.
    #[must_use]
    pub fn silent() -> Self {
        Self::new(None, PATIENCE, PAUSE)
    }

    fn new(to: Option<Box<dyn Write>>, patience: Duration, pause: Duration) -> Self {
        Self {
            to: to.map(RefCell::new),
            pause,
            next: Cell::new(Instant::now() + patience),
            is_shown: Cell::new(false),
        }
    }

    /// The same items, while it is said how many of them went by.
    pub(crate) fn over<'p, I: Iterator + 'p>(
        &'p self,
        what: &'static str,
        items: I,
    ) -> impl Iterator<Item = I::Item> + use<'p, I> {
        let all = match items.size_hint() {
            (least, Some(most)) if least == most => format!(" of {most}"),
            _ => String::new(),
        };
        items.enumerate().map(move |(done, item)| {
            if done.is_multiple_of(BETWEEN) {
                self.say(format_args!("{what}: {done}{all} images"));
            }
            item
        })
    }

    fn say(&self, line: fmt::Arguments<'_>) {
        let now = Instant::now();
        let Some(to) = self.to.as_ref().filter(|_| now >= self.next.get()) else {
            return;
        };
        self.next.set(now + self.pause);
        self.is_shown.set(true);
        let mut to = to.borrow_mut();
        // Nobody is there to be told that it can't be said.
        let _ = write!(to, "{CLEARED}{line}").and_then(|()| to.flush());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(to) = self.to.as_ref().filter(|_| self.is_shown.get()) {
            let mut to = to.borrow_mut();
            let _ = write!(to, "{CLEARED}").and_then(|()| to.flush());
        }
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    #[derive(Clone, Default)]
    struct Screen(Rc<RefCell<Vec<u8>>>);

    impl Write for Screen {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is said of items with such patience.
    fn said(patience: Duration, items: impl Iterator<Item = usize>) -> String {
        let screen = Screen::default();
        let progress = Progress::new(Some(Box::new(screen.clone())), patience, Duration::ZERO);
        progress.over("comparing", items).for_each(drop);
        drop(progress);
        String::from_utf8(screen.0.take()).unwrap()
    }

    #[test]
    fn what_takes_long_says_how_far_it_is_and_leaves_no_trace() {
        assert_eq!(
            said(Duration::ZERO, 0..300),
            "\r\x1b[Kcomparing: 0 of 300 images\r\x1b[Kcomparing: 256 of 300 images\r\x1b[K"
        );
        assert_eq!(
            said(Duration::ZERO, (0..300).filter(|number| *number > 0)),
            "\r\x1b[Kcomparing: 0 images\r\x1b[Kcomparing: 256 images\r\x1b[K"
        );
    }

    #[test]
    fn what_is_soon_done_says_nothing() {
        assert_eq!(said(Duration::from_secs(3600), 0..300), "");
    }
}

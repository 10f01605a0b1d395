//! Writing the log without ever waiting for whoever reads it.
//!
//! A request must not wait for a pipe that nobody empties: lines are gathered and written by a thread of their
//! own. Where it falls far behind, lines are dropped and counted.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// What may wait to be written, in bytes.
const MOST: usize = 4 << 20;
/// What is kept of a buffer that was longer once.
const KEPT: usize = 64 << 10;
/// How long the end of the process waits for the log.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long lines are gathered before they are written together.
const LINGER: Duration = Duration::from_millis(10);

/// A log that lines are put into.
#[derive(Clone, Debug)]
pub(super) struct LogWriter(Arc<Shared>);

/// Waits until what is still to be written is written when it is dropped; but not for a reader that reads no
/// more.
#[derive(Debug)]
pub(crate) struct LogGuard(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    filled: Condvar,
    finished: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    lines: Vec<u8>,
    dropped: u64,
    is_closed: bool,
    is_finished: bool,
}

impl LogWriter {
    /// Begins to write to `sink`.
    pub(super) fn start(sink: impl Write + Send + 'static) -> io::Result<(Self, LogGuard)> {
        let shared = Arc::new(Shared::default());
        let guard = LogGuard(Arc::clone(&shared));
        let thread = Arc::clone(&shared);
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || thread.write_all(sink))?;
        Ok((Self(shared), guard))
    }

    /// Puts in a line, with its end.
    pub(super) fn put(&self, line: &[u8]) {
        let mut waiting = self.0.lock();
        if waiting.lines.len() + line.len() > MOST {
            waiting.dropped += 1;
            return;
        }
        let was_empty = waiting.lines.is_empty();
        waiting.lines.extend_from_slice(line);
        drop(waiting);
        if was_empty {
            self.0.filled.notify_one();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_all(&self, mut sink: impl Write) {
        let mut lines = Vec::new();
        loop {
            let waiting = self.lock();
            let waiting = self
                .filled
                .wait_while(waiting, |waiting| waiting.lines.is_empty() && !waiting.is_closed);
            let is_closed = waiting.unwrap_or_else(PoisonError::into_inner).is_closed;
            if !is_closed {
                thread::sleep(LINGER);
            }
            let dropped = {
                let mut waiting = self.lock();
                std::mem::swap(&mut lines, &mut waiting.lines);
                std::mem::take(&mut waiting.dropped)
            };
            // A log that can't be written can't be complained of in the log.
            let _ = sink.write_all(&lines);
            if dropped > 0 {
                let _ = writeln!(
                    sink,
                    "{{\"level\":\"WARN\",\"message\":\"{dropped} lines of the log were dropped: they were not read fast enough\"}}"
                );
            }
            let _ = sink.flush();
            lines.clear();
            lines.shrink_to(KEPT);
            if is_closed {
                self.lock().is_finished = true;
                self.finished.notify_all();
                return;
            }
        }
    }
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        let mut waiting = self.0.lock();
        waiting.is_closed = true;
        self.0.filled.notify_one();
        let finished = self
            .0
            .finished
            .wait_timeout_while(waiting, PATIENCE, |waiting| !waiting.is_finished);
        drop(finished);
    }
}

/// One event of a log for people.
impl Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.put(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// A sink that takes nothing before it is told to.
    struct Blocked(mpsc::Receiver<()>, Arc<Mutex<Vec<u8>>>);

    impl Write for Blocked {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            self.1.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_log_that_nobody_reads_holds_up_no_one_and_says_what_it_lost() {
        let (unblock, blocked) = mpsc::channel();
        let written = Arc::new(Mutex::new(Vec::new()));
        let (log, guard) = LogWriter::start(Blocked(blocked, Arc::clone(&written))).unwrap();
        let line = [&[b'x'; 1023][..], b"\n"].concat();
        let count = 3 * MOST / line.len();
        for _ in 0..count {
            log.put(&line);
        }
        drop(unblock);
        drop(guard);
        let written = String::from_utf8(written.lock().unwrap().clone()).unwrap();
        let kept = written.lines().filter(|line| line.starts_with('x')).count();
        assert!(kept >= MOST / line.len() && kept < count, "{kept} of {count}");
        let dropped: usize = written
            .lines()
            .filter_map(|line| {
                line.split("\"message\":\"")
                    .nth(1)?
                    .split(' ')
                    .next()?
                    .parse::<usize>()
                    .ok()
            })
            .sum();
        assert_eq!(kept + dropped, count);
    }

    #[test]
    fn the_end_does_not_wait_for_a_log_that_is_never_read() {
        let (never, blocked) = mpsc::channel();
        let (log, guard) = LogWriter::start(Blocked(blocked, Arc::default())).unwrap();
        log.put(b"one\n");
        let (ended, end) = mpsc::channel();
        thread::spawn(move || {
            drop(guard);
            ended.send(()).unwrap();
        });
        end.recv_timeout(20 * PATIENCE).unwrap();
        drop(never);
    }

    #[test]
    fn every_line_is_written_before_the_guard_is_gone() {
        let (unblock, blocked) = mpsc::channel();
        drop(unblock);
        let written = Arc::new(Mutex::new(Vec::new()));
        let (log, guard) = LogWriter::start(Blocked(blocked, Arc::clone(&written))).unwrap();
        log.put(b"one\n");
        log.put(b"two\n");
        drop(guard);
        assert_eq!(*written.lock().unwrap(), b"one\ntwo\n");
    }
}

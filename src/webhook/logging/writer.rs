//! A writer of the log that never waits for the reader.
//!
//! A request must not wait for a full pipe, so a thread of its own collects the lines and writes them. If it falls far
//! behind, it drops lines, and the log says how many.
//!
//! `tracing-appender` does the same with a limit in lines, not in bytes. A line has the name of the object, so 200
//! unread lines of 1 MiB took 222 MiB with it, and take 26 MiB here (`tests/webhook/log.rs`). It also prints to stdout
//! when its queue is full at shutdown, and panics if stdout is closed.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Limit of the lines that wait to be written, in bytes. It is a small part of the memory of a Pod, and some ten
/// thousand reviews.
const MAX_WAITING: usize = 4 << 20;
/// Capacity that the buffer keeps after a burst of lines, in bytes.
const KEPT_CAPACITY: usize = 64 << 10;
/// Time that the end of the process waits for the log.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);
/// Time for which lines are collected and then written together: one system call instead of one a review.
const BATCH_INTERVAL: Duration = Duration::from_millis(10);

/// Handle that puts lines into the log.
#[derive(Clone, Debug)]
pub(super) struct LogWriter(Arc<Shared>);

/// Guard that, when it is dropped, waits until all lines are written, but only for a second.
#[derive(Debug)]
pub(crate) struct LogGuard(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    filled: Condvar,
    finished: Condvar,
    /// Lines that were dropped since the start.
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct Waiting {
    lines: Vec<u8>,
    dropped: u64,
    is_closed: bool,
    is_finished: bool,
}

impl LogWriter {
    /// Starts a thread that writes to `sink`. `about_dropped` returns the line about a number of dropped lines.
    pub(super) fn start(
        sink: impl Write + Send + 'static,
        about_dropped: fn(u64) -> String,
    ) -> io::Result<(Self, LogGuard)> {
        let shared = Arc::new(Shared::default());
        let guard = LogGuard(Arc::clone(&shared));
        let thread = Arc::clone(&shared);
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || thread.write_all(sink, about_dropped))?;
        Ok((Self(shared), guard))
    }

    /// Adds a line, which ends in a line feed.
    pub(super) fn put(&self, line: &[u8]) {
        let mut waiting = self.0.lock();
        if waiting.lines.len() + line.len() > MAX_WAITING {
            waiting.dropped += 1;
            self.0.dropped.fetch_add(1, Ordering::Relaxed);
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

    fn write_all(&self, mut sink: impl Write, about_dropped: fn(u64) -> String) {
        let mut lines = Vec::new();
        loop {
            let waiting = self.lock();
            let waiting = self
                .filled
                .wait_while(waiting, |waiting| waiting.lines.is_empty() && !waiting.is_closed);
            let is_closed = waiting.unwrap_or_else(PoisonError::into_inner).is_closed;
            if !is_closed {
                thread::sleep(BATCH_INTERVAL);
            }
            let dropped = {
                let mut waiting = self.lock();
                std::mem::swap(&mut lines, &mut waiting.lines);
                std::mem::take(&mut waiting.dropped)
            };
            // There is no other place to report an error of the log.
            let _ = sink.write_all(&lines);
            if dropped > 0 {
                let _ = sink.write_all(about_dropped(dropped).as_bytes());
            }
            let _ = sink.flush();
            lines.clear();
            lines.shrink_to(KEPT_CAPACITY);
            if is_closed {
                self.lock().is_finished = true;
                self.finished.notify_all();
                return;
            }
        }
    }
}

impl LogGuard {
    /// Returns a function that returns the number of lines that were dropped since the start.
    pub(crate) fn dropped_lines(&self) -> impl Fn() -> u64 + Send + Sync + 'static {
        let shared = Arc::clone(&self.0);
        move || shared.dropped.load(Ordering::Relaxed)
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
            .wait_timeout_while(waiting, SHUTDOWN_TIMEOUT, |waiting| !waiting.is_finished);
        drop(finished);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn about_dropped(lines: u64) -> String {
        format!("dropped {lines}\n")
    }

    /// Sink that blocks until the channel has a message or is closed.
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
    fn unread_log_delays_nobody_and_counts_dropped_lines() {
        let (unblock, blocked) = mpsc::channel();
        let written = Arc::new(Mutex::new(Vec::new()));
        let (log, guard) = LogWriter::start(Blocked(blocked, Arc::clone(&written)), about_dropped).unwrap();
        let line = [&[b'x'; 1023][..], b"\n"].concat();
        let count = 3 * MAX_WAITING / line.len();
        for _ in 0..count {
            log.put(&line);
        }
        drop(unblock);
        drop(guard);
        let written = String::from_utf8(written.lock().unwrap().clone()).unwrap();
        let kept = written.lines().filter(|line| line.starts_with('x')).count();
        assert!(
            kept >= MAX_WAITING / line.len() && kept < count,
            "{kept} of {count}"
        );
        let dropped: usize = written
            .lines()
            .filter_map(|line| line.strip_prefix("dropped ")?.parse::<usize>().ok())
            .sum();
        assert_eq!(kept + dropped, count);
    }

    #[test]
    fn drop_of_guard_does_not_wait_for_an_unread_log() {
        let (never, blocked) = mpsc::channel();
        let (log, guard) = LogWriter::start(Blocked(blocked, Arc::default()), about_dropped).unwrap();
        log.put(b"one\n");
        let (ended, end) = mpsc::channel();
        thread::spawn(move || {
            drop(guard);
            ended.send(()).unwrap();
        });
        end.recv_timeout(20 * SHUTDOWN_TIMEOUT).unwrap();
        drop(never);
    }

    #[test]
    fn drop_of_guard_writes_every_line() {
        let (unblock, blocked) = mpsc::channel();
        drop(unblock);
        let written = Arc::new(Mutex::new(Vec::new()));
        let (log, guard) = LogWriter::start(Blocked(blocked, Arc::clone(&written)), about_dropped).unwrap();
        log.put(b"one\n");
        log.put(b"two\n");
        drop(guard);
        assert_eq!(*written.lock().unwrap(), b"one\ntwo\n");
    }
}

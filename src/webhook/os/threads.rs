//! Threads: the number of those that serve requests, and one for work that blocks.

use std::io;
use std::num::NonZero;
use std::thread::{self, Builder};
use std::time::Duration;

/// The variable by which people limit the threads of tokio. Its own reader panics for some values.
const WORKER_THREADS: &str = "TOKIO_WORKER_THREADS";

/// Returns the number of worker threads: that of the variable of tokio, or one for each processor.
///
/// # Errors
///
/// Returns an error if the variable is not a number above 0, or if the system does not start that many threads.
pub(crate) fn worker_threads() -> io::Result<usize> {
    let count = match std::env::var(WORKER_THREADS) {
        Ok(text) => text.parse().ok().filter(|count| *count > 0).ok_or_else(|| {
            let problem = format!("the variable {WORKER_THREADS} is `{text}`; expected a number above 0");
            io::Error::new(io::ErrorKind::InvalidInput, problem)
        })?,
        Err(_) => thread::available_parallelism().map_or(1, NonZero::get),
    };
    // The runtime would panic if it got fewer. One more is for work that blocks.
    try_threads(count.saturating_add(1))?;
    Ok(count)
}

/// Runs work that blocks on a thread of its own, so that the caller can be canceled.
pub(crate) async fn unblock<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime ends, and nobody polls this any more.
            Err(_) => std::future::pending().await,
        },
    }
}

/// Like [`unblock`], but `None` if the work takes longer. Its thread continues, since nothing can end it.
pub(crate) async fn unblock_within<T: Send + 'static>(
    time: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    tokio::time::timeout(time, unblock(work)).await.ok()
}

/// Starts a number of threads, and ends them.
fn try_threads(count: usize) -> io::Result<()> {
    let mut started = Vec::new();
    let mut result = Ok(());
    for _ in 0..count {
        match Builder::new().spawn(thread::park) {
            Ok(thread) => started.push(thread),
            Err(error) => {
                let problem = format!(
                    "the system does not start {count} threads: {error}; raise the limit of processes"
                );
                result = Err(io::Error::new(error.kind(), problem));
                break;
            }
        }
    }
    for thread in &started {
        thread.thread().unpark();
    }
    for thread in started {
        let _ = thread.join();
    }
    result
}

//! The operating system: signals, threads, their priority, and freed memory.

mod free_memory;
mod priority;
mod signals;
mod threads;

pub(crate) use free_memory::release_free_memory;
pub(crate) use priority::with_low_priority;
pub(crate) use signals::{EndSignal, EndSignals, Hangups, without_interruption};
pub(crate) use threads::{unblock, unblock_within, worker_threads};

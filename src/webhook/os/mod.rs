//! The operating system: signals, threads, their priority, freed memory, and open files.

mod free_memory;
mod open_files;
mod priority;
mod signals;
mod threads;

pub(crate) use free_memory::{limit_free_memory, release_free_memory};
pub(crate) use open_files::raise_open_files;
pub(crate) use priority::{leave_processors_to_others, with_low_priority};
pub(crate) use signals::{EndSignal, EndSignals, Hangups, uninterrupted};
pub(crate) use threads::{unblock, unblock_within, worker_threads};

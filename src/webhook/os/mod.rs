//! The operating system: signals, thread priority, and freed memory.

mod free_memory;
mod priority;
mod signals;

pub(crate) use free_memory::release_free_memory;
pub(crate) use priority::with_low_priority;
pub(crate) use signals::{EndSignal, EndSignals};

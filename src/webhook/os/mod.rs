//! The operating system: signals, priority of threads, and memory that is given back.

mod memory;
mod priority;
mod signals;

pub(crate) use memory::give_back;
pub(crate) use priority::behind_requests;
pub(crate) use signals::{EndSignal, EndSignals};

//! The operating system: priority of threads, and memory that is given back.

mod memory;
mod priority;

pub(crate) use memory::give_back;
pub(crate) use priority::behind_requests;

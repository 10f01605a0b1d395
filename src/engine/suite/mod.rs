//! The tests that a set brings with it.

mod report;
mod test;

pub use report::{Report, TestOutcome};
pub use test::{Expected, Test};

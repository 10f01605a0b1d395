//! The `test` statements of a set.

mod report;
mod test;

pub use report::{Report, TestOutcome};
pub use test::{Expected, Test};

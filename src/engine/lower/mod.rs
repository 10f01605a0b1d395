//! From the statements of all files to compiled rules, file by file and line by line. Every error is reported, and a
//! statement with an error adds no rule.

mod condition;
mod constants;
mod fault;
mod header;
mod input;
mod lowering;
mod names;
mod pattern;
mod rule;
mod statements;
mod target;
mod test;

pub use constants::{ConstantError, Constants};
pub use input::{Limits, RulesFile};
pub(crate) use lowering::Lowered;
pub use names::is_reserved;
pub(crate) use pattern::read_pattern;
pub(crate) use statements::lower;

//! Traps: lines of a map with an unexpected effect, and rules to write instead.

mod advice;
mod better;
mod kind;
mod line;
mod lint;

pub use advice::Advice;
pub(crate) use advice::{AdviceInput, advice};
pub use kind::TrapKind;
pub use lint::lint;

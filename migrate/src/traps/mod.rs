//! Traps: lines of a map that do what few expect, and the rules that say it better.

mod advice;
mod better;
mod kind;
mod line;
mod lint;

pub use advice::Advice;
pub(crate) use advice::{AdviceInput, advice};
pub use kind::TrapKind;
pub use lint::lint;

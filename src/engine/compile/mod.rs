//! From parsed files to a verified set: compile, verify, evaluate.

mod compiling;
mod draft;
mod home;
mod preview;
mod rule_set;

pub use crate::lower::{ConstantError, Constants, Limits, RulesFile, is_reserved};
pub use compiling::compile;
pub use draft::{Check, Draft, Rejected, Verified};
pub use preview::Preview;
pub use rule_set::RuleSet;

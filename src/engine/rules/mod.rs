//! Everything that runs on a request: compiled rules, and their evaluation round by round.

mod compiled;
pub(crate) mod condition;
mod decision;
mod distinct;
pub(crate) mod evaluate;
mod explain;
pub(crate) mod home;
pub(crate) mod id;
pub(crate) mod image;
pub(crate) mod index;
mod interrupt;
pub(crate) mod pattern;
pub(crate) mod rule;
pub(crate) mod shape;
pub(crate) mod target;
pub(crate) mod template;
pub(crate) mod text;
mod unmet;

pub use compiled::{Compiled, LEGACY_RULE, RuleInfo};
pub use decision::{Decision, DoesNotSettle, Effect, Invalid, Matched};
pub use explain::{Explanation, Round, Scope, Step};
pub use id::RuleId;
pub use interrupt::{Interrupt, Interrupted};
pub use rule::Mismatch;

//! What two sets treat differently, over images made from their own patterns or given by somebody.
//!
//! [`Cases`] makes images, each with a setting, out of what the sets say; [`difference()`] decides one in both sets. Both
//! work for rules, for maps and for a prefix alike. A [`Comparison`] tells which rules were added, removed, changed and
//! moved, and which of these a difference comes of.

mod cases;
mod cause;
mod changes;
mod difference;
mod limits;
mod partners;
mod reach;
mod settings;

pub use cases::Cases;
pub use cause::{Cause, Comparison};
pub use changes::{Change, RuleChange, RuleChanges};
pub use difference::{Difference, difference};

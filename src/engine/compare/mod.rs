//! Differences between two sets, over sample images and given images.
//!
//! [`Cases`] makes sample images, each with a setting, from the sets; [`difference()`] evaluates one image with both
//! sets. Both accept rules, maps and a prefix. A [`Comparison`] reports the rules that were added, removed, changed
//! and moved, and which of these changes causes a difference.

mod cases;
mod cause;
mod changes;
mod compared_outcome;
mod difference;
mod home;
mod limits;
mod pairs;
mod partners;
mod reach;
mod settings;
mod shared_lists;
mod walks;

pub use cases::Cases;
pub use cause::{Cause, Comparison};
pub use changes::{Change, RuleChange, RuleChanges};
pub use compared_outcome::ComparedOutcome;
pub use difference::{Difference, difference, difference_until};

//! The termination check: every evaluation settles.

mod check;
mod choices;
mod cycle;
mod graph;
mod part;
mod registries;
mod required;
mod slow;
mod steps;
mod trie;

pub(crate) use check::check;
pub(crate) use choices::ends_are_alike;
#[cfg(test)]
pub(crate) use required::Required;
pub(crate) use steps::{are_alike, beginning, prefix_of};
pub(crate) use trie::{FirstParts, Trie, last_segment};

//! The termination check: every evaluation settles.

mod check;
mod cycle;
mod graph;
mod part;
mod registries;
mod steps;
mod trie;

pub(crate) use check::check;
pub(crate) use steps::{are_alike, beginning, prefix_of};
#[cfg(test)]
pub(crate) use trie::Trie;

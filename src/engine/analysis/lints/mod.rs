//! Warnings about rules that load and cannot have been intended.

mod all;
mod allowed;
mod map;
mod reach;
mod sources;
mod stays_anyway;

pub(crate) use all::lint;
pub(crate) use map::swapped_again;

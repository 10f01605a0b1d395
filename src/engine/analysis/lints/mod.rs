//! Lints: warnings about rules that load but cannot be intended.

mod all;
mod allowed;
mod map;
mod reach;
mod sources;
mod stays_anyway;

pub(crate) use all::{each_lint, lint};
pub(crate) use map::swapped_again;

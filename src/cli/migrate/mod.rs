//! `imageswap migrate`: converts an old configuration into rules, and compares the results.

mod command;
mod human;
mod json;
mod short;

pub(crate) use command::{Migrate, STATUSES};

//! `imageswap migrate`: an old configuration as rules, with a report of what was compared.

mod command;
mod human;
mod json;
mod progress;
mod short;

pub(crate) use command::{Migrate, STATUSES};

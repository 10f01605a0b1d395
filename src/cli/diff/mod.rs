//! `imageswap diff`: compares two sets of rules.

mod command;
mod lines;
mod object;
mod show;

pub(crate) use command::{Diff, STATUSES};

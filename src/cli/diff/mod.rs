//! `imageswap diff`: what a change of the rules changes.

mod command;
mod lines;
mod object;
mod show;

pub(crate) use command::{Diff, STATUSES};

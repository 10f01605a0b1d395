//! `imageswap explain`: shows which rules decide an image, and why.

mod command;
mod context;
mod object;
mod show;

pub(crate) use command::{Explain, STATUSES};

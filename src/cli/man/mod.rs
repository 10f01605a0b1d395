//! `imageswap man`: manual pages, made from the definition of the command line.

mod command;
mod page;

pub(crate) use command::{Man, STATUSES};

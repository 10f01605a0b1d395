//! `imageswap fmt`: formats rules files.

mod command;
mod difference;

pub(crate) use command::{Fmt, STATUSES};

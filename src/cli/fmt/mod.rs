//! `imageswap fmt`: one layout for rules files.

mod command;
mod difference;

pub(crate) use command::{Fmt, STATUSES};

//! `imageswap fmt`: one layout for rules files.

mod command;
mod difference;
mod replace;

pub(crate) use command::Fmt;

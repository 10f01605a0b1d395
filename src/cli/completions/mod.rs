//! `imageswap completions`: what teaches a shell to complete command lines, and the answers that it asks for.
//!
//! The scripts hold no list of commands and options: they ask the program itself, as each key is pressed. So what is
//! completed is always that of the release that is installed, and the rules that a command line names are looked into.

mod bash;
mod candidate;
mod command;
mod cursor;
mod line;
mod mentioned;
mod paths;
mod values;

pub(crate) use command::{Complete, Completions, STATUSES};

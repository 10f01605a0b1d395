//! Findings as text for people.

mod counts;
mod excerpt;
mod help;
mod human;
mod suggestion;
mod words;

pub(crate) use counts::Counts;
pub(crate) use help::help_text;
pub(crate) use human::render;
pub(crate) use suggestion::applicable;
pub(crate) use words::{counted, grouped};

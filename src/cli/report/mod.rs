//! Results, written for people and for machines.

mod counts;
mod decision;
mod excerpt;
mod format;
mod help;
mod human;
mod json;
mod sarif;
mod suggestion;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use counts::Counts;
pub(crate) use decision::{Decided, DecidedImage};
pub(crate) use format::{FindingsFormat, Format};
pub(crate) use sarif::Sarif;
pub(crate) use write::{unless_closed, write};

//! Results, written for people and for machines.

mod decision;
mod format;
mod json;
mod sarif;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use decision::{Decided, DecidedImage};
pub(crate) use format::{FindingsFormat, Format};
pub(crate) use sarif::Sarif;
pub(crate) use write::{unless_closed, write};

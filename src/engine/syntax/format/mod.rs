//! One layout for rules files.
//!
//! A formatter moves white space and nothing else. It is held to that: what it has laid out is parsed again, and where
//! that says anything else than the text did, or lacks a comment, there is an error and no text.

mod atoms;
mod columns;
mod comments;
mod items;
mod layout;
mod lines;
mod outline;

pub use layout::{FormatError, format, one_line};

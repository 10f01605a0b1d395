//! One layout for rules files.
//!
//! A formatter changes white space and nothing else. To ensure that, it parses its result: if the words differ from
//! those of the text, or a comment is missing, it returns an error and no text.

mod atoms;
mod columns;
mod comments;
mod items;
mod layout;
mod lines;
mod outline;

pub use layout::{FormatError, format, one_line};

//! Patterns, and the match of a pattern and an image.
//!
//! A pattern keeps its text, which is compact and quick to read. Nearly all patterns are literal, and those are
//! compared as a whole.

mod compiled;
mod segments;

pub(crate) use self::compiled::{CaptureKind, Captures, Pattern, PatternParts, Written};
pub(crate) use self::segments::match_glob;

//! The rule language: the meaning of rules files, by recorded vectors and by properties.

#![allow(clippy::disallowed_methods, reason = "a test reads its cases from files")]
#![allow(clippy::indexing_slicing, reason = "a test may panic")]

mod cases;
mod compare;
mod errors;
mod examples;
mod format;
mod globs;
mod hostile;
mod language;
mod long_lists;
mod map_fallback;
mod properties;
mod regressions;
mod vectors;
mod vocabulary;

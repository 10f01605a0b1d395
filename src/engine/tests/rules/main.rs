//! The rule language: what files mean, by recorded vectors and by laws.

#![allow(clippy::disallowed_methods, reason = "a test reads its cases from files")]
#![allow(clippy::indexing_slicing, reason = "a test may panic")]

mod beside;
mod cases;
mod compare;
mod errors;
mod examples;
mod format;
mod found;
mod globs;
mod hostile;
mod language;
mod laws;
mod vectors;
mod vocabulary;

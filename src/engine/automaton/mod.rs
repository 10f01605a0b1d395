//! Regular languages over byte strings, and the question whether a text is in some and in none of others.
//!
//! They describe image names at load time: for the proof that rules come to an end, and for what is said about
//! patterns that take nothing or what others took. A language is a nondeterministic automaton without empty
//! moves, built from left to right; nothing is ever made deterministic as a whole, nor minimal: the search
//! looks at the states that it meets.

mod builder;
mod bytes;
mod language;
mod search;

#[cfg(test)]
mod tests;

pub(crate) use builder::Builder;
pub(crate) use bytes::Bytes;
pub(crate) use language::Language;
pub(crate) use search::{Exhausted, witness, witness_within};

//! Regular languages over byte strings, and the search for a text that is in some and in none of others.
//!
//! They describe image names at load time, for the termination check and for the lints about patterns that match
//! nothing, or only what other patterns match. A language is a nondeterministic automaton without empty transitions,
//! built from left to right. It is never determinized or minimized as a whole: the search visits the states that it
//! reaches.

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

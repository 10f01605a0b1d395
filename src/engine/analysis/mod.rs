//! Findings about a set without a request: the termination check and the lints.

pub(crate) mod languages;
pub(crate) mod lints;
#[cfg(test)]
mod properties;
pub mod samples;
pub(crate) mod termination;

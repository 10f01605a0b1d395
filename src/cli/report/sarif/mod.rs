//! Findings for code hosts: a log of SARIF 2.1.0 with one run, written when all has been found.
//!
//! What is in it is what GitHub's code scanning and GitLab read of it; the standard is that of OASIS, with errata 01.

mod object;
mod page;
mod run;
#[cfg(test)]
mod tests;
mod uri;

pub(crate) use run::Sarif;

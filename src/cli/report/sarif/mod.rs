//! Findings for code hosts: a log of SARIF 2.1.0 with one run, written at the end of the command.
//!
//! The log has the properties that GitHub's code scanning and GitLab read. The standard is OASIS SARIF 2.1.0 with
//! errata 01.

mod object;
mod page;
mod run;
#[cfg(test)]
mod tests;
mod uri;

pub(crate) use run::Sarif;

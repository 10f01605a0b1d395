//! The rules engine of imageswap: from text to decision, and from review to patch.
//!
//! It is pure and synchronous: no input or output, no clock, no async, no `unsafe`, and no input makes it panic. A
//! module uses only those above it in the list below.
//!
//! From texts to a set, with the function on each arrow and its result:
//!
//! ```text
//! SourceId, &str           ──syntax::rules::parse──▶ File, Findings         statements with an error are missing from the tree
//! [RulesFile], Option<Map> ──compile::compile──▶ Draft                      rules, tests, constants, findings of statements
//! Draft                    ──Draft::verify──▶ Result<Verified, Rejected>    termination check, tests of the set, lints
//! Draft                    ──Draft::preview──▶ Option<Preview>              evaluates without the promise to settle
//! Verified                 ──▶ RuleSet, Findings                            warnings and notices do not stop a set
//! LegacyConfig             ──RuleSet::from──▶ RuleSet                       a map or a prefix without rules
//! ```
//!
//! From a review to its answer:
//!
//! ```text
//! &[u8]                    ──admission::review──▶ Result<Reviewed, ReviewError>
//!   &[u8]                  ──read──▶ AdmissionReview { AdmissionRequest }   strict JSON in one pass
//!   AdmissionRequest       ──Pod::find──▶ [ImageField]                      pointer, place, container, image
//!   &str, &Context         ──RuleSet::evaluate──▶ Decision                  round by round, until no rule changes the result
//!   [Decision]             ──▶ AdmissionResponse ──▶ Reviewed               patch, warnings, audit annotations
//! ```
//!
//! Other modules:
//!
//! ```text
//! &str, &Context           ──RuleSet::explain──▶ Explanation                the code of `evaluate`, with an Observer
//! &RuleSet, &RuleSet       ──compare::difference──▶ Difference              for `diff` and `migrate`
//! ```
//!
//! `docs/design.md` gives the reasons.
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss,
        clippy::disallowed_methods,
        clippy::disallowed_types,
        clippy::print_stdout,
        clippy::print_stderr
    )
)]

mod label;

pub mod reference;

pub mod diagnostic;

pub mod context;

pub mod syntax;

mod automaton;
mod positions;

pub mod glob;
mod pieces;

pub mod legacy;
pub mod rules;

pub mod suite;

mod lower;

pub mod analysis;

pub mod compile;

pub mod compare;

pub mod admission;

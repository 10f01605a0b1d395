//! The rules engine of imageswap: from text to decision, and from review to patch.
//!
//! Pure and synchronous: no input or output, no clock, no async, no `unsafe`; nothing that a client or a file
//! holds makes it panic. A module uses only those above it in the list below.
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
pub mod glob;
mod pieces;

pub mod legacy;
pub mod rules;

pub mod suite;

mod lower;

mod analysis;

pub mod compile;

pub mod compare;

pub mod admission;

//! Real reviews, and reviews that hold anything: what the answer says, and what its patch does.

#![allow(clippy::disallowed_methods, reason = "a test reads its vectors from files")]

mod context;
mod hostile;
mod images;
mod real;
mod support;

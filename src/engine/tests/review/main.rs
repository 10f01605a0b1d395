//! Real reviews, and reviews with arbitrary content: the answer and the effect of its patch.

#![allow(clippy::disallowed_methods, reason = "a test reads its vectors from files")]

mod break_glass;
mod config_map;
mod context;
mod corpus;
mod hostile;
mod images;
mod interrupt;
mod originals;
mod real;
mod support;
mod update;

//! From text to statements. Only this module knows pest.

pub mod ast;
pub mod format;
pub mod highlight;
pub mod map;
pub mod rules;

mod begins;
mod expected;
mod forms;
mod grammar;
mod lines;
mod slips;
mod words;

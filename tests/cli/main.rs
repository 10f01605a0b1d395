//! The commands about rules, by the real binary: what they write, and what they end with.

mod cases;
mod console;
mod help;
mod json;
mod pages;

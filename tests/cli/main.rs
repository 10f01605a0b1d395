//! The commands about rules: the real binary and its exact output.

mod cases;
mod clone;
mod cookbook;
mod fmt;
mod help;
mod hosts;
mod json;
mod man;
mod many;
mod pages;
mod run;
mod sarif;
mod sessions;
mod shells;
mod vocabulary;
mod yaml;

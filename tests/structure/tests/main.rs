//! The structure of the source: which module imports what, and what the pages for contributors say of it.

mod claims;
mod dependencies;
mod imports;
mod names;
mod pages;
mod reader;
mod words;

//! From text to a tree. The types of pest stay in here.

pub mod map;

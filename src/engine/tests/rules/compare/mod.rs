//! Comparing sets: the images that are made find what random ones find.

mod changes;
mod laws;
mod mutate;
mod share;

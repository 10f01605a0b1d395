//! Comparisons of sets: the sample images find the differences that random images find.

mod changes;
mod coverage;
mod growth;
mod mutate;
mod properties;

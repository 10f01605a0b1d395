//! The command line of imageswap.

fn main() {}

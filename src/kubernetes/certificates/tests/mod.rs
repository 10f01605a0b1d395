//! Tests of the certificates on a simulated cluster: each replica takes the steps that its plan says.

mod csr;
mod interleavings;
mod replica;
mod rotation;
mod states;
mod world;

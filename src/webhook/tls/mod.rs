//! TLS: the active key pair, the problems of its certificate, a self-signed pair, and failed handshakes.

mod error;
mod expiry;
mod handshake;
mod pair;
mod pem;
mod problem;
mod self_signed;
mod shared;
mod trial;

pub(crate) use error::{PairError, PairProblem, SelfSignedError};
pub(crate) use handshake::FailedHandshakes;
pub(crate) use pair::has_pair;
pub(crate) use self_signed::{print_example_request, self_signed};
pub(crate) use shared::SharedPair;

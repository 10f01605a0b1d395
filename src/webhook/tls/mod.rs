//! TLS: the active key pair, a throwaway one, and failed handshakes.

mod certificate;
mod handshake;
mod self_signed;

pub(crate) use certificate::Certificate;
pub(crate) use handshake::FailedHandshakes;
pub(crate) use self_signed::{certificate as self_signed, say_how_to_try};

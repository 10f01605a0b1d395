//! TLS: the active key pair, a throwaway one, and failed handshakes.

mod certificate;
mod error;
mod handshake;
mod pair;
mod self_signed;

pub(crate) use certificate::Certificate;
pub(crate) use error::{NoKeyPair, SelfSignedError};
pub(crate) use handshake::FailedHandshakes;
pub(crate) use self_signed::{say_how_to_try, self_signed};

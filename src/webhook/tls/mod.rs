//! TLS: the active key pair, and a throwaway one.

mod certificate;
mod self_signed;

pub(crate) use certificate::Certificate;
pub(crate) use self_signed::{certificate as self_signed, say_how_to_try};

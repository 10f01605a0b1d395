//! Digest of the active rules.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// SHA-256 of the texts of a set. The same texts have the same digest in every replica. Its printed form is the first
/// quarter, in hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Digest([u8; 32]);

impl Digest {
    /// Returns the digest of what a hasher has read.
    pub(crate) fn new(hasher: Sha256) -> Self {
        Self(hasher.finalize().into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quarter = &self.0[..self.0.len() / 4];
        quarter.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_form_is_the_first_quarter() {
        let digest = Digest::new(Sha256::new_with_prefix("abc"));
        assert_eq!(digest.to_string(), "ba7816bf8f01cfea");
    }
}

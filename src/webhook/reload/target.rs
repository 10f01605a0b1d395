//! A set that is reloaded: the active one, or a candidate.

use super::rules::{LoadError, PreviousRules};
use crate::config::{Digest, Limits, RulesText};

/// The target of reloads.
pub(crate) trait SetTarget: Send + Sync {
    /// Returns the limits on rules and files.
    fn limits(&self) -> Limits;

    /// Returns the digest of the set that a reload replaces, if there is one.
    fn digest(&self) -> Option<Digest>;

    /// Compiles a text, and makes it the set if it is valid. Returns the previous set. Blocks.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is invalid, or has no rules and the previous set has some.
    fn replace(&self, text: RulesText) -> Result<Option<PreviousRules>, LoadError>;

    /// Called when the files have this set, after each attempt that found it or made it active.
    fn is_mounted(&self) {}
}

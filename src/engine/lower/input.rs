//! The input of the lowering: parsed files, and the limits of a set.

use crate::syntax::ast::File;

/// A parsed rules file.
#[derive(Debug)]
pub struct RulesFile {
    /// First half of `LABEL:LINE`, which names a rule without a name of its own.
    pub label: String,
    /// The statements of the file.
    pub file: File,
}

/// The limits of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Maximum number of rules.
    pub rules: usize,
    /// Maximum number of files with rules.
    pub files: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rules: 100_000,
            files: 10_000,
        }
    }
}

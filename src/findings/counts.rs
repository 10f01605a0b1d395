//! Numbers of findings.

use std::fmt;

use imageswap_engine::diagnostic::{Findings, Severity};

use super::words::counted;

/// Numbers of findings by severity: `3 errors, 1 warning`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) errors: usize,
    pub(crate) warnings: usize,
    pub(crate) notices: usize,
}

impl Counts {
    /// Counts findings, with those that are not kept.
    pub(crate) fn new(findings: &Findings) -> Self {
        Self {
            errors: findings.count(Severity::Error),
            warnings: findings.count(Severity::Warning),
            notices: findings.count(Severity::Notice),
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [
            (self.errors, "error"),
            (self.warnings, "warning"),
            (self.notices, "notice"),
        ];
        let mut is_first = true;
        for (count, name) in counts.into_iter().filter(|(count, _)| *count > 0) {
            let comma = if is_first { "" } else { ", " };
            write!(f, "{comma}{}", counted(count, name))?;
            is_first = false;
        }
        if is_first {
            f.write_str("no findings")?;
        }
        Ok(())
    }
}

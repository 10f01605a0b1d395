//! Numbers of findings.

use std::fmt;

use imageswap_engine::diagnostic::{Diagnostic, Severity};

use super::words::counted;

/// Numbers of findings by severity: `3 errors, 1 warning`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) errors: usize,
    pub(crate) warnings: usize,
    pub(crate) notices: usize,
}

impl Counts {
    /// Counts findings.
    pub(crate) fn new(findings: &[Diagnostic]) -> Self {
        let mut counts = Self::default();
        for finding in findings {
            *match finding.severity {
                Severity::Error => &mut counts.errors,
                Severity::Warning => &mut counts.warnings,
                Severity::Notice => &mut counts.notices,
            } += 1;
        }
        counts
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

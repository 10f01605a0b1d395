//! The `allow` of a rule.

use crate::diagnostic::{Diagnostic, Lint};
use crate::rules::rule::Rule;

/// Returns true if the rule's `allow` excuses the finding.
pub(super) fn is_allowed(rule: &Rule, finding: &Diagnostic) -> bool {
    Lint::of_code(finding.code).is_some_and(|lint| rule.allowed.contains(lint))
}

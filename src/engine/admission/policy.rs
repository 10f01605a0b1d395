//! The inputs of an evaluation other than the body of the review.

use crate::compile::RuleSet;

/// The inputs that are the same for all requests.
#[derive(Clone, Copy, Debug)]
pub struct Policy<'a> {
    /// The active rules.
    pub rules: &'a RuleSet,
    /// Their digest, for the audit annotation.
    pub digest: &'a str,
    /// The key of the break-glass label. Objects that have it with the value `disabled` are skipped.
    pub disable_label: &'a str,
    /// True if the webhook evaluates and reports, but changes and denies nothing.
    pub dry_run: bool,
}

/// The inputs of one request: what its caller says outside of the body.
#[derive(Clone, Copy, Debug, Default)]
pub struct Caller<'a> {
    /// The entry of the webhook configuration that called, if its path names one.
    pub entry: Option<&'a str>,
}

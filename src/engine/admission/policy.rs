//! The inputs of an evaluation other than the body of the review.

use crate::compile::RuleSet;
use crate::rules::Interrupt;

/// The value of the break-glass label.
pub(super) const DISABLED: &str = "disabled";

/// The inputs that all requests share.
#[derive(Clone, Copy, Debug)]
pub struct Policy<'a> {
    /// The active rules.
    pub rules: &'a RuleSet,
    /// Digest of the active rules, for the audit annotation.
    pub digest: &'a str,
    /// Key of the break-glass label. The webhook skips objects that have it with the value `disabled`.
    pub disable_label: &'a str,
    /// True if the webhook evaluates and reports, but changes and denies nothing.
    pub dry_run: bool,
    /// True if an annotation records the original images.
    pub record_originals: bool,
}

/// The inputs that the caller gives outside of the body.
#[derive(Clone, Copy, Debug, Default)]
pub struct Caller<'a> {
    /// Entry of the webhook configuration that called, if the path of the request names one.
    pub entry: Option<&'a str>,
    /// Ends the evaluation early, such as at the deadline of the request.
    pub interrupt: Option<&'a Interrupt<'a>>,
}

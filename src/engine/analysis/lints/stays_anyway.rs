//! The lint about targets that repeat the tag of the image.

use crate::diagnostic::{Code, Diagnostic};
use crate::rules::rule::Rule;
use crate::rules::template::{Placeholder, TemplatePiece, pieces};

/// Reports a target that ends in `:{tag}`: a swap keeps the tag anyway, and this target drops the digest.
pub(super) fn stays_anyway(rule: &Rule) -> Option<Diagnostic> {
    let target = rule.target.as_ref()?;
    let mut parts = pieces(target.tag()?);
    let is_tag = parts.next() == Some(TemplatePiece::Placeholder(Placeholder::Tag)) && parts.next().is_none();
    (is_tag && target.digest().is_none()).then(|| {
        Diagnostic::warning(
            Code::STAYS_ANYWAY,
            "the target ends in `:{tag}`, so it drops the digest",
            rule.span,
        )
        .label("without a tag in the target, a swap keeps tag and digest")
        .help("remove `:{tag}`, to keep the tag and the digest of the image, or write `:{tag}@{digest}`")
    })
}

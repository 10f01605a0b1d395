//! Suggestions in the text that the reader has.

use imageswap_engine::diagnostic::{SourceMap, Span, Suggestion};

/// Where a suggestion can be put in as it is, in the text that the reader has before them.
///
/// Nowhere, if the text is embedded in another in which it is spelled differently or would have to be.
pub(super) fn applicable(suggestion: &Suggestion, sources: &SourceMap) -> Option<Span> {
    let span = sources.resolve(suggestion.span);
    let is_plain = span == suggestion.span
        || (sources.slice(span) == sources.slice(suggestion.span)
            && !suggestion.replacement.contains(['\n', '"', '\'', '\\']));
    is_plain.then_some(span)
}

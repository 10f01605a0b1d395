//! Suggestions that apply to the text that the reader has.

use imageswap_engine::diagnostic::{SourceMap, Span, Suggestion};

/// Returns the edit if it can be applied to the file that the reader has.
///
/// Returns `None` if the text is embedded in a file that spells it differently, or would have to.
pub(crate) fn applicable(suggestion: &Suggestion, sources: &SourceMap) -> Option<Span> {
    let span = sources.resolve(suggestion.span);
    let is_plain = span == suggestion.span
        || (sources.slice(span) == sources.slice(suggestion.span)
            && !suggestion.replacement.contains(['\n', '"', '\'', '\\']));
    is_plain.then_some(span)
}

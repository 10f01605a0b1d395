//! Highlighted text.

use std::ops::Range;

use imageswap_engine::syntax::highlight::{ClassifiedText, of_map, of_rules};

use super::html::Html;

/// Maximum length of a line, in bytes.
pub(super) const MAX_LINE: usize = 4_200;

/// Adds a text of rules, or of lines of a map, highlighted.
pub(super) fn code(html: &mut Html, text: &str, part: Range<usize>, is_map: bool) {
    let classes = if is_map {
        of_map(text)
    } else {
        of_rules(text, &part)
    };
    classified(html, text, part, &classes);
}

/// Adds a part of a text, whose classes are known.
pub(super) fn classified(html: &mut Html, text: &str, part: Range<usize>, classes: &[ClassifiedText]) {
    let mut at = part.start;
    let end = text.floor_char_boundary(part.end.min(part.start + MAX_LINE));
    let begin = classes.partition_point(|(range, _)| range.end <= part.start);
    for (range, class) in classes
        .iter()
        .skip(begin)
        .take_while(|(range, _)| range.start < end)
    {
        let (start, stop) = (range.start.max(at), range.end.min(end));
        html.preformatted(&text[at..start], MAX_LINE)
            .raw("<span class=\"t-")
            .raw(class.as_str())
            .raw("\">")
            .preformatted(&text[start..stop], MAX_LINE)
            .raw("</span>");
        at = stop;
    }
    html.preformatted(&text[at..end], MAX_LINE);
    if end < part.end {
        html.raw(" <span class=\"quiet\">(cut here)</span>");
    }
}

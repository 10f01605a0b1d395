//! The lines of a text around a span, in a size that people can read.

use std::borrow::Cow;
use std::ops::Range;

use imageswap_engine::diagnostic::{Source, SourceId, SourceMap, Span};

/// Maximum length of a line, in characters; a longer line is cut around the span.
pub(super) const LONG_LINE: usize = 200;
/// Maximum length of the marked part of a long line.
const MARKED: usize = 80;
/// Maximum number of lines of a span; of a longer span only the first line is shown.
const MARKED_LINES: usize = 10;
/// Maximum number of lines between two spans of one excerpt.
const GAP: usize = 50;

/// Lines of one text, with the spans in them.
#[derive(Debug)]
pub(super) struct Excerpt<'a, T> {
    pub(super) id: SourceId,
    source: &'a Source,
    first: usize,
    last: usize,
    /// True if a line is cut, so that only one span has room.
    is_long: bool,
    marks: Vec<(Range<usize>, T)>,
}

impl<'a, T> Excerpt<'a, T> {
    /// Returns the lines of a span; `None` if its text is unknown.
    pub(super) fn new(sources: &'a SourceMap, span: Span, mark: T) -> Option<Self> {
        let source = sources.get(span.source)?;
        let text = source.text();
        let boundary = |offset: usize| text.floor_char_boundary(offset);
        let start = boundary(span.range().start).max(bom(text));
        let end = boundary(span.range().end).max(start);
        let range = start..start + text[start..end].trim_end_matches(['\r', '\n']).len();
        let line_at = |offset| source.position(u32::try_from(offset).unwrap_or(u32::MAX)).line;
        let (first, mut last) = (line_at(range.start), line_at(range.end));
        let mut end = range.end;
        if last - first >= MARKED_LINES || (first..=last).any(|line| is_long(source, line)) {
            last = first;
            end = end
                .min(source.line(first).map_or(end, |line| line.end))
                .max(start);
        }
        let is_long = is_long(source, first);
        if is_long && let Some((cut, _)) = text[start..end].char_indices().nth(MARKED) {
            end = start + cut;
        }
        Some(Self {
            id: span.source,
            source,
            first,
            last,
            is_long,
            marks: vec![(start..end, mark)],
        })
    }

    /// Adds the spans of another excerpt if it is close enough, or returns it.
    pub(super) fn join(&mut self, other: Self) -> Result<(), Self> {
        let is_near = other.first <= self.last + GAP && self.first <= other.last + GAP;
        if self.id != other.id || !is_near || self.is_long || other.is_long {
            return Err(other);
        }
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.marks.extend(other.marks);
        Ok(())
    }

    pub(super) fn name(&self) -> &'a str {
        self.source.name()
    }

    /// Returns the number of the first line.
    pub(super) fn first_line(&self) -> usize {
        self.first
    }

    /// Returns true if the whole span is shown: on few lines, none of which is cut.
    pub(super) fn is_whole(&self, span: Span) -> bool {
        !self.is_long && self.marks.iter().any(|(range, _)| *range == span.range())
    }

    /// Returns the lines, and the spans in them, from the first byte of the lines.
    pub(super) fn into_parts(self) -> (String, Vec<(Range<usize>, T)>) {
        let text = self.source.text();
        let line = |line| self.source.line(line).unwrap_or(text.len()..text.len());
        let start = line(self.first)
            .start
            .max(if self.first == 1 { bom(text) } else { 0 });
        let end = line(self.last).end.max(start);
        let mut lines = shown(&text[start..end]).into_owned();
        // A span may be on the empty last line of a text, which has no line break of its own.
        lines.push('\n');
        let marks = self.marks.into_iter();
        let marks = marks
            .map(|(range, mark)| (range.start - start..range.end - start, mark))
            .collect();
        (lines, marks)
    }
}

/// Returns a source text without the characters that the renderer passes through and that can control a terminal or
/// mislead a reader. Each is replaced by a character with as many bytes, so spans stay valid.
pub(super) fn shown(text: &str) -> Cow<'_, str> {
    let replace = |char| match char {
        '\u{80}'..='\u{9f}' | '\u{61c}' => Some('·'),
        '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{2060}' | '\u{feff}' => {
            Some('\u{fffd}')
        }
        _ => None,
    };
    if text.chars().any(|char| replace(char).is_some()) {
        Cow::Owned(text.chars().map(|char| replace(char).unwrap_or(char)).collect())
    } else {
        Cow::Borrowed(text)
    }
}

fn bom(text: &str) -> usize {
    if text.starts_with('\u{feff}') {
        '\u{feff}'.len_utf8()
    } else {
        0
    }
}

fn is_long(source: &Source, line: usize) -> bool {
    let text = source.line(line).map_or("", |line| &source.text()[line]);
    text.len() > LONG_LINE && text.chars().nth(LONG_LINE).is_some()
}

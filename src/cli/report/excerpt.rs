//! The lines of a text that are shown for a place, and no more of them than can be read.

use std::borrow::Cow;
use std::ops::Range;

use imageswap_engine::diagnostic::{Source, SourceId, SourceMap, Span};

/// A line of more characters is cut around the place.
pub(super) const LONG_LINE: usize = 200;
/// How much of a place on a long line is marked.
const MARKED: usize = 80;
/// A place of more lines is that of its first line.
const MARKED_LINES: usize = 10;
/// Places that are further apart are shown apart.
const GAP: usize = 50;

/// Lines of one text, with the places in them.
#[derive(Debug)]
pub(super) struct Excerpt<'a, T> {
    pub(super) id: SourceId,
    source: &'a Source,
    first: usize,
    last: usize,
    /// Has a line that is to be cut, so there is room for one place only.
    is_long: bool,
    marks: Vec<(Range<usize>, T)>,
}

impl<'a, T> Excerpt<'a, T> {
    /// The lines of a place; none where there is no such text.
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

    /// Takes in another place if it belongs on the same picture.
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

    /// The number of the first line.
    pub(super) fn first_line(&self) -> usize {
        self.first
    }

    /// Whether the place is shown whole: on few lines, none of which is cut.
    pub(super) fn is_whole(&self, span: Span) -> bool {
        !self.is_long && self.marks.iter().any(|(range, _)| *range == span.range())
    }

    /// The lines, and the places in them, counted from the first byte of the lines.
    pub(super) fn into_parts(self) -> (String, Vec<(Range<usize>, T)>) {
        let text = self.source.text();
        let line = |line| self.source.line(line).unwrap_or(text.len()..text.len());
        let start = line(self.first)
            .start
            .max(if self.first == 1 { bom(text) } else { 0 });
        let end = line(self.last).end.max(start);
        let mut lines = shown(&text[start..end]).into_owned();
        // The last line of a text may be empty, and is a line all the same.
        lines.push('\n');
        let marks = self.marks.into_iter();
        let marks = marks
            .map(|(range, mark)| (range.start - start..range.end - start, mark))
            .collect();
        (lines, marks)
    }
}

/// A source text without the characters that the renderer lets through and that could drive a terminal or deceive
/// the eye. Its places stay the same: each is replaced by one of as many bytes.
pub(super) fn shown(text: &str) -> Cow<'_, str> {
    let replace = |char| match char {
        '\u{80}'..='\u{9f}' => Some('·'),
        '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => Some('\u{fffd}'),
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

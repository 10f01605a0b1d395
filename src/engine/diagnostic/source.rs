//! The texts that findings refer to.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

/// A text in a [`SourceMap`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(u32);

/// A range of bytes in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The text.
    pub source: SourceId,
    /// Index of the first byte.
    pub start: u32,
    /// Index after the last byte.
    pub end: u32,
}

/// A text with its name and the positions of its lines.
#[derive(Clone, Debug)]
pub struct Source {
    name: String,
    text: String,
    lines: Vec<u32>,
    origin: Option<Origin>,
}

/// The text that contains an embedded text.
#[derive(Clone, Debug)]
struct Origin {
    parent: SourceId,
    pieces: Vec<Piece>,
}

/// A range of bytes that an embedded text has in common with its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Index of the first byte in the embedded text.
    pub start: u32,
    /// Index of the same byte in the parent.
    pub parent: u32,
    /// Number of bytes. The bytes after them, up to the next piece, are not in the parent: positions in them are
    /// reported as the end of this piece.
    pub len: u32,
}

/// All texts of one load.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    sources: Vec<Source>,
}

/// A position as editors count it: lines and columns (in characters) from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl Span {
    /// Returns the bytes as a range.
    #[must_use]
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Returns the empty place before it, for an insertion.
    #[must_use]
    pub fn start(self) -> Self {
        Self {
            end: self.start,
            ..self
        }
    }
}

impl SourceMap {
    /// Adds a text, with the name that findings show.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> SourceId {
        self.push(name.into(), text.into(), None)
    }

    /// Adds a text that another one contains, such as a value in a YAML file. It has a name of its own, but findings
    /// show positions in the parent.
    ///
    /// The pieces are in the order of the embedded text. Without pieces, the whole text is at the start of the
    /// parent.
    pub fn add_embedded(
        &mut self,
        name: impl Into<String>,
        text: impl Into<String>,
        parent: SourceId,
        pieces: Vec<Piece>,
    ) -> SourceId {
        self.push(name.into(), text.into(), Some(Origin { parent, pieces }))
    }

    fn push(&mut self, name: String, text: String, origin: Option<Origin>) -> SourceId {
        let mut lines = vec![0];
        lines.extend(
            text.bytes()
                .zip(1u32..)
                .filter(|(byte, _)| *byte == b'\n')
                .map(|(_, next)| next),
        );
        self.sources.push(Source {
            name,
            text,
            lines,
            origin,
        });
        // The size of files and the number of sets are limited, so 32 bits are enough.
        SourceId(u32::try_from(self.sources.len() - 1).unwrap_or(u32::MAX))
    }

    /// Returns the text of an id, if this map has it.
    #[must_use]
    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.sources.get(id.0 as usize)
    }

    /// Returns all texts, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        (0..).map(SourceId).zip(&self.sources)
    }

    /// Returns the text at a place.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.get(span.source)
            .and_then(|source| source.text.get(span.range()))
            .unwrap_or_default()
    }

    /// Returns the place in the text that the user edits: for an embedded text, in the parent.
    #[must_use]
    pub fn resolve(&self, mut span: Span) -> Span {
        while let Some(origin) = self
            .get(span.source)
            .and_then(|source| source.origin.as_ref())
            // An embedded text is added after its parent, so this cannot recurse for ever.
            .filter(|origin| origin.parent < span.source)
        {
            span = origin.resolve(span);
        }
        span
    }

    /// Returns the file and the line, from 1, of the first byte of a place.
    #[must_use]
    pub fn file_and_line(&self, span: Span) -> (&str, usize) {
        let span = self.resolve(span);
        self.get(span.source).map_or(("", 0), |source| {
            (source.name(), source.position(span.start).line)
        })
    }

    /// Returns `FILE:LINE:COLUMN` of the first byte of a place.
    #[must_use]
    pub fn place(&self, span: Span) -> String {
        let span = self.resolve(span);
        match self.get(span.source) {
            Some(source) => {
                let Position { line, column } = source.position(span.start);
                format!("{}:{line}:{column}", source.name)
            }
            None => String::new(),
        }
    }
}

impl Source {
    /// Returns the name that findings show.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the line and column of a byte.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        let line = self.lines.partition_point(|start| *start <= offset).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or(0);
        let before = self.text.get(start as usize..offset as usize).unwrap_or_default();
        // Editors do not count a byte order mark.
        let before = match line {
            1 => before.strip_prefix('\u{feff}').unwrap_or(before),
            _ => before,
        };
        Position {
            line,
            column: before.chars().count() + 1,
        }
    }

    /// Returns the bytes of a line, counted from 1, without its line end; `None` if there is no such line.
    #[must_use]
    pub fn line(&self, line: usize) -> Option<Range<usize>> {
        let start = *self.lines.get(line.checked_sub(1)?)? as usize;
        let next = self.lines.get(line).map(|next| *next as usize);
        let text = self.text.get(start..next.unwrap_or(self.text.len()))?;
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        Some(start..start + text.len())
    }
}

impl Origin {
    fn resolve(&self, span: Span) -> Span {
        let start = self.locate(span.start, |piece| piece.start <= span.start);
        let end = if span.end > span.start {
            // The end belongs to the text before it, not to the next line.
            self.locate(span.end, |piece| piece.start < span.end).max(start)
        } else {
            start
        };
        Span {
            source: self.parent,
            start,
            end,
        }
    }

    fn locate(&self, offset: u32, is_before: impl Fn(&Piece) -> bool) -> u32 {
        let behind = self.pieces.partition_point(is_before);
        let piece = self
            .pieces
            .get(behind.saturating_sub(1))
            .copied()
            .unwrap_or(Piece {
                start: 0,
                parent: 0,
                len: 0,
            });
        piece.parent + offset.saturating_sub(piece.start).min(piece.len)
    }
}

/// A text with escapes for characters that [`is_hidden`] finds.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for char in text.chars() {
        if is_hidden(char) {
            shown.extend(char.escape_default());
        } else {
            shown.push(char);
        }
    }
    Cow::Owned(shown)
}

/// Returns true for a character that could control a terminal or deceive the reader: a control character, a line
/// separator, a change of direction, or a character without a width.
#[must_use]
pub fn is_hidden(char: char) -> bool {
    char.is_control()
        || matches!(
            char,
            '\u{61c}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'
                | '\u{2066}'..='\u{2069}'
                | '\u{feff}'
        )
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(source: SourceId, start: u32, end: u32) -> Span {
        Span { source, start, end }
    }

    #[test]
    fn place_in_embedded_text_maps_to_its_parent() {
        let mut sources = SourceMap::default();
        let parent = sources.add("cm.yaml", "data:\n  a: |\n    one\n    two\n");
        let pieces = vec![
            Piece {
                start: 0,
                parent: 17,
                len: 3,
            },
            Piece {
                start: 4,
                parent: 25,
                len: 3,
            },
        ];
        let source = sources.add_embedded("a", "one\ntwo\n", parent, pieces);
        assert_eq!(sources.slice(span(source, 4, 7)), "two");
        assert_eq!(sources.place(span(source, 4, 7)), "cm.yaml:4:5");
        assert_eq!(sources.slice(sources.resolve(span(source, 5, 7))), "wo");
        assert_eq!(sources.slice(sources.resolve(span(source, 0, 4))), "one");
        assert_eq!(sources.place(span(source, 8, 8)), "cm.yaml:4:8");
    }

    #[test]
    fn embedded_text_without_pieces_maps_to_the_parents_start() {
        let mut sources = SourceMap::default();
        let parent = sources.add("cm.yaml", "a: b");
        let source = sources.add_embedded("a", "b", parent, Vec::new());
        assert_eq!(sources.place(span(source, 1, 1)), "cm.yaml:1:1");
    }

    #[test]
    fn byte_order_mark_is_not_a_column() {
        let mut sources = SourceMap::default();
        let source = sources.add("a.rules", "\u{feff}rules v1");
        assert_eq!(sources.place(span(source, 3, 8)), "a.rules:1:1");
    }

    #[test]
    fn line_excludes_its_line_end() {
        let mut sources = SourceMap::default();
        let id = sources.add("a.rules", "a\r\n\nb\n");
        let source = sources.get(id).unwrap();
        let lines: Vec<_> = (0..6).map(|line| source.line(line)).collect();
        assert_eq!(
            lines,
            [None, Some(0..1), Some(3..3), Some(4..5), Some(6..6), None]
        );
    }

    #[test]
    fn control_characters_are_escaped() {
        let text = "a\u{1b}[31m\u{9b}\u{202e}\n`ä→`";
        assert_eq!(visible(text), "a\\u{1b}[31m\\u{9b}\\u{202e}\\n`ä→`");
        assert!(matches!(visible("`ä→`"), Cow::Borrowed(_)));
    }
}

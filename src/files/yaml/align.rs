//! Positions of the bytes of a scalar's content in the YAML.

use std::ops::Range;

use imageswap_engine::diagnostic::Piece;
use saphyr_parser::ScalarStyle;

use super::tree::Scalar;

/// Returns the runs of a scalar's content that are in the text unchanged. Folded or escaped parts are between two
/// runs.
///
/// Walks over content and text in parallel. If they differ unexpectedly, the walk stops, and the rest of the content
/// gets the position at which it stopped.
pub(super) fn align(text: &str, range: Range<usize>, scalar: &Scalar<'_>) -> Vec<Piece> {
    let (content, style) = (scalar.text.as_ref(), scalar.style);
    let mut walk = Walk {
        raw: &text[..range.end],
        at: range.start,
        content,
        done: 0,
        pieces: Vec::new(),
        piece: piece(0, range.start),
    };
    if scalar.has_properties {
        walk.properties();
    }
    if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
        // The position of a block is that of its first line with text.
        walk.done = content.len() - content.trim_start_matches('\n').len();
        if scalar.has_properties {
            walk.header();
        }
        let line_start = text[..walk.at].rfind(['\r', '\n']).map_or(0, |at| at + 1);
        let indent = walk.at - line_start;
        walk.cut();
        walk.block(indent, style == ScalarStyle::Folded);
    } else {
        if matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted) {
            walk.at += 1;
        }
        walk.cut();
        walk.flow(style);
    }
    walk.cut();
    walk.pieces
}

/// Returns the piece of an empty content at a position.
pub(super) fn at(offset: usize) -> Vec<Piece> {
    vec![piece(0, offset)]
}

struct Walk<'a> {
    raw: &'a str,
    at: usize,
    content: &'a str,
    done: usize,
    pieces: Vec<Piece>,
    piece: Piece,
}

impl Walk<'_> {
    /// Skips anchors, tags and comments before the scalar.
    fn properties(&mut self) {
        loop {
            self.blanks(usize::MAX, is_space);
            let rest = &self.raw[self.at..];
            self.at += match rest.chars().next() {
                Some('&' | '!') => rest.find(is_space).unwrap_or(rest.len()),
                Some('#') => rest.find(['\r', '\n']).unwrap_or(rest.len()),
                _ => return,
            };
        }
    }

    /// Skips the header of a block and the empty lines below it, up to the first character of the content.
    fn header(&mut self) {
        let rest = &self.raw[self.at..];
        let mut line_start = self.at;
        // The first of these lines is the header.
        for line in rest.split_inclusive('\n').take(2 + self.done) {
            self.at = line_start;
            line_start += line.len();
        }
        // The indent is the number of spaces that the line has in the text but not in the content.
        let spaces = |text: &str| text.len() - text.trim_start_matches(' ').len();
        let indent = spaces(&self.raw[self.at..line_start]);
        self.at += indent.saturating_sub(spaces(&self.content[self.done..]));
    }

    /// Walks over a block, whose lines begin with an indent that is not part of the content.
    fn block(&mut self, indent: usize, is_folded: bool) {
        while let Some(char) = self.next_raw() {
            if !matches!(char, '\r' | '\n') {
                if !self.same(char.len_utf8()) {
                    return;
                }
                continue;
            }
            self.line_break();
            self.blanks(indent, |char| char == ' ');
            if is_folded {
                while matches!(self.next_raw(), Some('\r' | '\n')) {
                    self.line_break();
                    self.blanks(indent, |char| char == ' ');
                }
                self.folded();
            } else if !self.content[self.done..].starts_with('\n') {
                return;
            } else {
                self.done += 1;
            }
            self.cut();
        }
    }

    /// Walks over a flow scalar, whose line breaks are folded with the blanks around them, and which may have
    /// escapes.
    fn flow(&mut self, style: ScalarStyle) {
        while let Some(char) = self.next_raw() {
            match char {
                '\'' if style == ScalarStyle::SingleQuoted => {
                    self.at += 2;
                    self.replaced();
                }
                '\\' if style == ScalarStyle::DoubleQuoted => {
                    self.at += 1;
                    match self.next_raw() {
                        Some('\r' | '\n') => {
                            self.line_break();
                            let breaks = self.blanks(usize::MAX, is_space);
                            if breaks > 0 {
                                self.folded();
                            }
                            self.cut();
                        }
                        Some(kind) => {
                            self.at += match kind {
                                'x' => 3,
                                'u' => 5,
                                'U' => 9,
                                kind => kind.len_utf8(),
                            };
                            self.replaced();
                        }
                        None => return,
                    }
                }
                char if is_space(char) => {
                    let rest = &self.raw[self.at..];
                    let line = rest.trim_start_matches([' ', '\t']);
                    if line.starts_with(['\r', '\n']) {
                        self.blanks(usize::MAX, is_space);
                        self.folded();
                        self.cut();
                    } else if !self.same(rest.len() - line.len()) {
                        return;
                    }
                }
                char if self.same(char.len_utf8()) => {}
                _ => return,
            }
        }
    }

    /// Returns the next character of the text, as long as there is content left.
    fn next_raw(&self) -> Option<char> {
        if self.done == self.content.len() {
            return None;
        }
        self.raw.get(self.at..)?.chars().next()
    }

    /// Advances over `len` bytes if text and content have the same ones; returns false if they differ.
    fn same(&mut self, len: usize) -> bool {
        let is_same = self.content[self.done..].starts_with(&self.raw[self.at..self.at + len]);
        if is_same {
            self.at += len;
            self.done += len;
            self.piece.len += short(len);
        }
        is_same
    }

    /// Advances over a character of the content that the text has in another form.
    fn replaced(&mut self) {
        let char = self.content[self.done..].chars().next();
        self.done += char.map_or(0, char::len_utf8);
        self.cut();
    }

    /// Advances over a fold in the content: a space, or line breaks.
    fn folded(&mut self) {
        let rest = &self.content[self.done..];
        let breaks = rest.len() - rest.trim_start_matches('\n').len();
        self.done += breaks.max(usize::from(rest.starts_with(' ')));
    }

    /// Skips a line break: LF, CR LF or CR.
    fn line_break(&mut self) {
        let is_crlf = self.raw[self.at..].starts_with("\r\n");
        self.at += 1 + usize::from(is_crlf);
    }

    /// Skips at most `most` blanks, and returns the number of line breaks among them.
    fn blanks(&mut self, most: usize, is_blank: impl Fn(char) -> bool) -> usize {
        let rest = &self.raw[self.at..];
        let blanks = rest.len() - rest.trim_start_matches(is_blank).len();
        let blanks = blanks.min(most);
        self.at += blanks;
        rest[..blanks].matches('\n').count()
    }

    /// Ends a piece, and begins another.
    fn cut(&mut self) {
        let begun = std::mem::replace(&mut self.piece, piece(self.done, self.at));
        if let Some(piece) = self.pieces.last_mut()
            && piece.start == begun.start
        {
            *piece = begun;
        } else {
            self.pieces.push(begun);
        }
    }
}

fn is_space(char: char) -> bool {
    matches!(char, ' ' | '\t' | '\r' | '\n')
}

fn piece(start: usize, parent: usize) -> Piece {
    Piece {
        start: short(start),
        parent: short(parent),
        len: 0,
    }
}

fn short(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

//! The lines of a statement.
//!
//! They depend only on the words, and on the line ends of the author, not on other statements of the block. So
//! formatting a formatted text changes nothing.

use super::atoms::{Atom, AtomPart};
use super::items::StatementSource;

/// Maximum width of a line, which only a single long word exceeds.
pub(super) const WIDTH: usize = 100;

/// Space between two columns.
pub(super) const GUTTER: usize = 2;

/// A family of statements with the same layout, which are aligned with one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Header,
    Definition,
    Off,
    Rule,
    Test,
}

/// A statement as lines.
#[derive(Debug)]
pub(super) struct FormatStatement<'s, 't> {
    pub(super) family: Family,
    pub(super) source: &'s StatementSource<'t>,
    pub(super) lines: Vec<FormatLine<'t>>,
}

/// A line of a statement.
#[derive(Debug, Default)]
pub(super) struct FormatLine<'t> {
    pub(super) indent: usize,
    /// Texts that may be aligned with other lines of the block; the keyword of a first line is not among them.
    pub(super) cells: Vec<String>,
    pub(super) comments: Vec<&'t str>,
}

impl Family {
    fn from_keyword(keyword: &str) -> Self {
        match keyword {
            "rules" => Self::Header,
            "let" | "home" => Self::Definition,
            "off" => Self::Off,
            "test" => Self::Test,
            _ => Self::Rule,
        }
    }

    /// Returns the column of the first word after the keyword, and of the lines that continue a statement.
    pub(super) fn body(self) -> usize {
        match self {
            Self::Definition | Self::Off => 5,
            Self::Header | Self::Rule | Self::Test => 6,
        }
    }

    /// Returns the space between its columns.
    pub(super) fn gutter(self) -> usize {
        match self {
            Self::Header | Self::Definition => 1,
            Self::Off | Self::Rule | Self::Test => GUTTER,
        }
    }
}

/// Returns the width of a text, in columns.
pub(super) fn width(text: &str) -> usize {
    text.chars().count()
}

/// Breaks a statement into lines.
pub(super) fn broken<'s, 't>(source: &'s StatementSource<'t>) -> FormatStatement<'s, 't> {
    let family = Family::from_keyword(source.keyword);
    let mut breaker = Breaker {
        family,
        lines: Vec::new(),
        line: FormatLine::default(),
        width: family.body(),
        has_modifier: false,
        must_break: false,
    };
    let mut atoms = source.atoms.as_slice();
    while let Some((first, rest)) = atoms.split_first() {
        let more = rest.iter().take_while(|atom| atom.part.goes_on()).count();
        let (more, after) = rest.split_at_checked(more).unwrap_or((rest, &[]));
        match first.part {
            AtomPart::Second => breaker.second(first),
            AtomPart::Modifier => breaker.modifier(first, more),
            // A list that continues after the keyword.
            _ => breaker.filled(first, more, family.body()),
        }
        atoms = after;
    }
    breaker.line.comments.extend(&source.trailing);
    breaker.end_line(family.body());
    FormatStatement {
        family,
        source,
        lines: breaker.lines,
    }
}

impl AtomPart {
    /// Returns true if it continues the line before it.
    fn goes_on(self) -> bool {
        matches!(self, Self::And | Self::Value)
    }
}

struct Breaker<'t> {
    family: Family,
    lines: Vec<FormatLine<'t>>,
    /// The line that is being filled.
    line: FormatLine<'t>,
    /// Its width so far, without alignment.
    width: usize,
    /// True if its last cell has modifiers, which share one column.
    has_modifier: bool,
    /// True if the next word needs a new line.
    must_break: bool,
}

impl<'t> Breaker<'t> {
    fn second(&mut self, atom: &Atom<'t>) {
        let is_too_long = self.width + self.family.gutter() + width(&atom.text) > WIDTH;
        if self.must_break || (is_too_long && atom.text.starts_with("->")) {
            self.end_line(self.family.body());
        }
        self.cell(&atom.text, self.family.gutter());
        self.comments(atom);
    }

    /// Adds a modifier on one line; if it is too long, on a line of its own with a line for each condition.
    fn modifier(&mut self, first: &Atom<'t>, more: &[Atom<'t>]) {
        let all = || std::iter::once(first).chain(more);
        let one_line = all().map(|atom| width(&atom.text) + 1).sum::<usize>() - 1;
        let is_parted = all().rev().skip(1).any(|atom| !atom.comments.is_empty())
            || more
                .iter()
                .any(|atom| atom.part == AtomPart::And && atom.is_broken);
        let body = self.family.body();
        if is_parted || body + one_line > WIDTH {
            self.end_line(body);
            let keyword = first.text.split(' ').next().unwrap_or_default();
            let values = body + width(keyword) + 1;
            let mut conditions = more;
            let mut head = first;
            loop {
                let count = conditions
                    .iter()
                    .take_while(|atom| atom.part == AtomPart::Value)
                    .count();
                let (list, after) = conditions.split_at_checked(count).unwrap_or((conditions, &[]));
                self.filled(head, list, values);
                let Some((next, after)) = after.split_first() else {
                    break;
                };
                self.end_line(body + 1);
                (head, conditions) = (next, after);
            }
            self.must_break = true;
            return;
        }
        let gutter = self.family.gutter();
        if self.must_break || first.is_broken || self.width + gutter + one_line > WIDTH {
            self.end_line(body);
        }
        let texts: Vec<&str> = all().map(|atom| atom.text.as_str()).collect();
        let text = texts.join(" ");
        match self.line.cells.last_mut().filter(|_| self.has_modifier) {
            Some(clauses) => {
                clauses.push_str(&" ".repeat(gutter));
                clauses.push_str(&text);
                self.width += gutter + one_line;
            }
            None => self.cell(&text, gutter),
        }
        self.has_modifier = true;
        if let Some(last) = all().next_back() {
            self.comments(last);
        }
    }

    /// Adds a list, with as many values on a line as fit.
    fn filled(&mut self, first: &Atom<'t>, values: &[Atom<'t>], indent: usize) {
        self.cell(&first.text, 0);
        self.comments(first);
        for value in values {
            if self.must_break || self.width + 1 + width(&value.text) > WIDTH {
                self.end_line(indent);
                self.cell(&value.text, 0);
            } else if let Some(cell) = self.line.cells.last_mut() {
                cell.push(' ');
                cell.push_str(&value.text);
                self.width += 1 + width(&value.text);
            }
            self.comments(value);
        }
    }

    fn cell(&mut self, text: &str, gutter: usize) {
        self.width += if self.line.cells.is_empty() { 0 } else { gutter } + width(text);
        self.line.cells.push(text.to_owned());
    }

    fn comments(&mut self, atom: &Atom<'t>) {
        if atom.comments.is_empty() {
            return;
        }
        if atom.is_above {
            self.end_line(self.family.body());
            for comment in &atom.comments {
                self.line.comments.push(comment);
                self.end_line(self.family.body());
            }
        } else {
            self.line.comments.extend(&atom.comments);
        }
        self.must_break = true;
    }

    /// Ends the line, if it has any text, and begins another.
    fn end_line(&mut self, indent: usize) {
        let next = FormatLine {
            indent,
            ..FormatLine::default()
        };
        let line = std::mem::replace(&mut self.line, next);
        if !line.cells.is_empty() || !line.comments.is_empty() {
            self.lines.push(line);
        }
        self.width = indent;
        self.has_modifier = false;
        self.must_break = false;
    }
}

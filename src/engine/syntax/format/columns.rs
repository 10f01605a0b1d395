//! Columns of a block: statements of one kind, without an empty line or a comment between them.

use super::lines::{Family, FormatLine, FormatStatement, GUTTER, WIDTH, width};
use crate::syntax::rules::MAX_STATEMENT;

/// Maximum width of a column. A wider cell is not aligned, and the other cells keep their column.
const WIDEST: usize = 48;

/// Maximum width of a text before an aligned comment.
const WIDEST_BEFORE_COMMENTS: usize = 80;

/// A few cells that would widen a column by this much for all others are not aligned.
const STEP: usize = 12;

/// The columns of a block.
struct Columns {
    /// Widths of the columns, by their index in a line.
    cells: [usize; 2],
    /// Width of the text before comments.
    comments: usize,
}

/// Writes a block.
pub(super) fn write(block: &[FormatStatement<'_, '_>], to: &mut String) {
    let columns = Columns::from_block(block);
    for statement in block {
        let aligned = format_statement(statement, &columns);
        if aligned.length <= MAX_STATEMENT {
            to.push_str(&aligned.text);
            continue;
        }
        // The limit of a statement's length counts white space too.
        let plain = format_statement(statement, &Columns::NONE);
        if plain.length <= MAX_STATEMENT {
            to.push_str(&plain.text);
        } else {
            as_it_was(statement, to);
        }
    }
}

/// Writes a statement at the limit of its length as its author wrote it.
fn as_it_was(statement: &FormatStatement<'_, '_>, to: &mut String) {
    for line in statement.source.text.lines() {
        to.push_str(line.trim_end_matches([' ', '\t', '\r']));
        to.push('\n');
    }
    for comment in &statement.source.trailing {
        to.push_str(&" ".repeat(statement.family.body()));
        to.push_str(comment);
        to.push('\n');
    }
}

impl Columns {
    const NONE: Self = Self {
        cells: [0; 2],
        comments: 0,
    };

    fn from_block(block: &[FormatStatement<'_, '_>]) -> Self {
        let firsts = || block.iter().filter_map(|statement| statement.lines.first());
        let column = |place: usize| {
            let is_followed = |line: &&FormatLine<'_>| line.cells.len() > place + 1;
            let cells = firsts()
                .filter(is_followed)
                .filter_map(|line| line.cells.get(place));
            column_width(cells.map(|cell| width(cell)), WIDEST)
        };
        let mut columns = Self {
            cells: [column(0), column(1)],
            comments: 0,
        };
        let commented = block.iter().flat_map(|statement| {
            let texts = statement.lines.iter().enumerate();
            texts
                .filter(|(_, line)| !line.comments.is_empty() && !line.cells.is_empty())
                .map(|(number, line)| width(&line_text(statement, number, line, &columns)))
        });
        columns.comments = column_width(commented, WIDEST_BEFORE_COMMENTS);
        columns
    }

    /// Returns the space between a cell and the next one.
    fn gap(&self, family: Family, place: usize, cell: &str, next: &str) -> usize {
        let gutter = family.gutter();
        let column = self.cells.get(place).copied().unwrap_or_default();
        match column.checked_sub(width(cell)) {
            Some(space) => space + gutter,
            // The cell is not aligned, so no column needs a wider space.
            None if next.starts_with("->") => 1,
            None => gutter,
        }
    }
}

/// Returns the width of a column whose cells have these widths.
fn column_width(widths: impl Iterator<Item = usize>, widest: usize) -> usize {
    let mut widths: Vec<usize> = widths.filter(|width| *width <= widest).collect();
    widths.sort_unstable();
    let few = widths.len() / 4;
    let most = widths.len() - few;
    let steps = widths.iter().zip(widths.iter().skip(1));
    steps
        .skip(most.saturating_sub(1))
        .find(|(width, next)| *next - *width >= STEP)
        .map(|(width, _)| *width)
        .or(widths.last().copied())
        .unwrap_or_default()
}

/// A formatted statement, and its length up to the end of its last line.
struct Formatted {
    text: String,
    length: usize,
}

fn format_statement(statement: &FormatStatement<'_, '_>, columns: &Columns) -> Formatted {
    let mut text = String::new();
    let mut length = 0;
    for (number, line) in statement.lines.iter().enumerate() {
        let start = text.len();
        text.push_str(&line_text(statement, number, line, columns));
        let end = width(text.get(start..).unwrap_or_default());
        let is_above = line.cells.is_empty();
        let before = if is_above {
            end
        } else {
            end.max(columns.comments) + GUTTER
        };
        for (number, comment) in line.comments.iter().enumerate() {
            let before = match number {
                0 => before - end,
                _ => before,
            };
            text.push_str(&" ".repeat(before));
            text.push_str(comment);
            if number == 0 {
                length = text.len();
            }
            text.push('\n');
        }
        if line.comments.is_empty() {
            length = text.len();
            text.push('\n');
        }
    }
    Formatted { text, length }
}

/// Returns a line without its comments.
fn line_text(
    statement: &FormatStatement<'_, '_>,
    number: usize,
    line: &FormatLine<'_>,
    columns: &Columns,
) -> String {
    let family = statement.family;
    let mut text = if number == 0 {
        format!("{:<width$}", statement.source.keyword, width = family.body())
    } else {
        " ".repeat(line.indent)
    };
    let mut left: usize = line.cells.iter().map(|cell| width(cell) + family.gutter()).sum();
    let columns = if number == 0 { columns } else { &Columns::NONE };
    let mut cells = line.cells.iter().enumerate().peekable();
    while let Some((place, cell)) = cells.next() {
        text.push_str(cell);
        left -= width(cell) + family.gutter();
        if let Some((_, next)) = cells.peek() {
            let gap = columns.gap(family, place, cell, next);
            let fits = width(&text) + gap + left <= WIDTH + family.gutter();
            text.push_str(&" ".repeat(if fits { gap } else { family.gutter() }));
        }
    }
    text
}

//! A rules file as a list of items: statements, and the comments and empty lines between them.

use super::atoms::{Atom, atoms};
use super::outline::OutlinePiece;
use crate::syntax::ast::{File, Statement};
use crate::syntax::lines::BYTE_ORDER_MARK;

/// A part of a file.
#[derive(Debug)]
pub(super) enum Item<'t> {
    /// One or more empty lines.
    Blank,
    /// A comment on a line of its own.
    Comment(&'t str),
    /// A statement, with the comments in it.
    Statement(Box<StatementSource<'t>>),
}

/// A statement in the layout of its author.
#[derive(Debug)]
pub(super) struct StatementSource<'t> {
    /// Its text, from its first word to the end of its last line.
    pub(super) text: &'t str,
    /// Its keyword.
    pub(super) keyword: &'static str,
    /// Its other words.
    pub(super) atoms: Vec<Atom<'t>>,
    /// Comments on the lines below that continue the one at the end of its last line.
    pub(super) trailing: Vec<&'t str>,
}

/// Returns the items of a text without syntax errors.
pub(super) fn items<'t>(file: &File, text: &'t str) -> Option<Vec<Item<'t>>> {
    let mut reader = ItemReader {
        text,
        cursor: text.len() - text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text).len(),
        items: Vec::new(),
    };
    for statement in &file.statements {
        reader.between(statement.word.start as usize)?;
        reader.statement(statement)?;
    }
    reader.between(text.len())?;
    if matches!(reader.items.last(), Some(Item::Blank)) {
        reader.items.pop();
    }
    Some(reader.items)
}

struct ItemReader<'t> {
    text: &'t str,
    /// Position up to which the text is read.
    cursor: usize,
    items: Vec<Item<'t>>,
}

impl<'t> ItemReader<'t> {
    /// Adds the lines between two statements.
    fn between(&mut self, end: usize) -> Option<()> {
        for line in self.text.get(self.cursor..end)?.lines() {
            let trimmed = line.trim_matches([' ', '\t', '\r']);
            if trimmed.is_empty() {
                if !matches!(self.items.last(), None | Some(Item::Blank)) {
                    self.items.push(Item::Blank);
                }
            } else if !trimmed.starts_with('#') {
                return None;
            } else {
                match self.items.last_mut() {
                    Some(Item::Statement(above))
                        if line.starts_with([' ', '\t']) && above.ends_in_a_comment() =>
                    {
                        above.trailing.push(trimmed);
                    }
                    _ => self.items.push(Item::Comment(trimmed)),
                }
            }
        }
        self.cursor = end;
        Some(())
    }

    fn statement(&mut self, statement: &Statement) -> Option<()> {
        let start = statement.word.start as usize;
        let (OutlinePiece::Sign(keyword), atoms, end) = atoms(&statement.kind, self.text, start)? else {
            return None;
        };
        self.items.push(Item::Statement(Box::new(StatementSource {
            text: self.text.get(start..end)?.trim_end_matches([' ', '\t', '\r']),
            keyword,
            atoms,
            trailing: Vec::new(),
        })));
        // The line end belongs to the statement.
        self.cursor = self.text.len().min(end + 1);
        Some(())
    }
}

impl StatementSource<'_> {
    fn ends_in_a_comment(&self) -> bool {
        self.atoms.last().is_some_and(|atom| !atom.comments.is_empty())
    }
}

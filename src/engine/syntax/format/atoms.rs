//! Atoms: the pieces of a statement that stay on one line, with the comments after them.

use super::outline::{OutlinePiece, outline};
use crate::syntax::ast::StatementKind;
use crate::syntax::lines::STATEMENTS;

/// Words on one line.
#[derive(Debug)]
pub(super) struct Atom<'t> {
    /// The part of the statement that it belongs to.
    pub(super) part: AtomPart,
    /// Its words, separated by a space.
    pub(super) text: String,
    /// True if a line of the input begins with it.
    pub(super) is_broken: bool,
    /// Comments in it and after it.
    pub(super) comments: Vec<&'t str>,
    /// True if the comments have lines of their own; false if they are at the end of its line.
    pub(super) is_above: bool,
}

/// Parts of a statement. A new line may begin with each but the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AtomPart {
    /// The words after the keyword.
    Head,
    /// `-> TARGET`, `= VALUE`, or the outcome of a test.
    Second,
    /// A modifier, with its first condition or value.
    Modifier,
    /// A further condition.
    And,
    /// A further value of a list.
    Value,
}

/// Returns the keyword of a statement, its atoms, and the end of its last line.
pub(super) fn atoms<'t>(
    kind: &StatementKind,
    text: &'t str,
    start: usize,
) -> Option<(OutlinePiece, Vec<Atom<'t>>, usize)> {
    let mut pieces = outline(kind).into_iter();
    let keyword = pieces.next()?;
    let mut scanner = Scanner { text, cursor: start };
    scanner.skip(keyword.of(text))?;
    let mut atoms: Vec<Atom<'t>> = Vec::new();
    let mut part = Some(AtomPart::Head);
    let mut is_value = false;
    for piece in pieces {
        let gap = scanner.gap()?;
        let word = piece.of(text);
        scanner.skip(word)?;
        match piece {
            OutlinePiece::Sign(sign) => part = part.or(part_of(sign)),
            // A line that begins with the word of a statement would not continue a list of values.
            OutlinePiece::Word(_) if is_value && !STATEMENTS.contains(&word) => part = Some(AtomPart::Value),
            OutlinePiece::Word(_) => {}
        }
        match part.take() {
            Some(part) => {
                // The outcome of a test cannot begin a line, because it is the word of a statement too.
                let comments = match atoms.last_mut() {
                    Some(above) if !STATEMENTS.contains(&word) => {
                        above.is_above = above.comments.is_empty() && gap.begins_a_line;
                        above.comments.extend(gap.comments);
                        Vec::new()
                    }
                    Some(above) => std::mem::take(&mut above.comments),
                    None => gap.comments,
                };
                atoms.push(Atom {
                    part,
                    text: word.to_owned(),
                    is_broken: gap.is_broken,
                    comments,
                    is_above: false,
                });
            }
            None => {
                let atom = atoms.last_mut()?;
                if piece != OutlinePiece::Sign(",") {
                    atom.text.push(' ');
                }
                atom.text.push_str(word);
                atom.comments.extend(gap.comments);
            }
        }
        is_value = piece == OutlinePiece::Sign(",");
    }
    let rest = text.get(scanner.cursor..)?.split('\n').next()?;
    let comment = rest.trim_matches([' ', '\t', '\r']);
    if comment.starts_with('#') {
        atoms.last_mut()?.comments.push(comment);
    } else if !comment.is_empty() {
        return None;
    }
    Some((keyword, atoms, scanner.cursor + rest.len()))
}

/// Returns the part that begins with a sign.
fn part_of(sign: &str) -> Option<AtomPart> {
    match sign {
        "->" | "=" | "keep" | "deny" | "warn" => Some(AtomPart::Second),
        "when" | "as" | "because" | "pull-secret" | "allow" => Some(AtomPart::Modifier),
        "and" => Some(AtomPart::And),
        _ => None,
    }
}

/// The text between two words.
struct Gap<'t> {
    comments: Vec<&'t str>,
    /// True if it has a line end.
    is_broken: bool,
    /// True if its first comment has a line of its own.
    begins_a_line: bool,
}

struct Scanner<'t> {
    text: &'t str,
    cursor: usize,
}

impl<'t> Scanner<'t> {
    /// Skips a word, which must be next.
    fn skip(&mut self, word: &str) -> Option<()> {
        let is_next = self.text.get(self.cursor..)?.starts_with(word);
        self.cursor += word.len();
        is_next.then_some(())
    }

    /// Skips white space and the comments in it.
    fn gap(&mut self) -> Option<Gap<'t>> {
        let mut gap = Gap {
            comments: Vec::new(),
            is_broken: false,
            begins_a_line: false,
        };
        loop {
            let rest = self.text.get(self.cursor..)?;
            let behind = rest.trim_start_matches([' ', '\t', '\r', '\n']);
            let space = rest.get(..rest.len() - behind.len())?;
            self.cursor += space.len();
            gap.is_broken |= space.contains('\n');
            if space.is_empty() || !behind.starts_with('#') {
                return Some(gap);
            }
            let comment = behind.split('\n').next()?;
            gap.begins_a_line |= gap.comments.is_empty() && gap.is_broken;
            gap.comments.push(comment.trim_end_matches([' ', '\t', '\r']));
            self.cursor += comment.len();
        }
    }
}

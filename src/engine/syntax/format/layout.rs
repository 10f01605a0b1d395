//! Formatting a text, and the check that its meaning is the same.

use std::fmt;

use super::columns;
use super::comments::comments;
use super::items::{Item, items};
use super::lines::{FormatStatement, broken};
use super::outline::{OutlinePiece, outline};
use crate::diagnostic::{Findings, SourceId};
use crate::syntax::ast::File;
use crate::syntax::rules::parse;

/// The reason why a text is not formatted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormatError {
    /// It has these syntax errors.
    Syntax(Findings),
    /// It is a map: it has no header, and its lines have the old format.
    Map,
    /// Its meaning would have changed, which is a fault of the formatter.
    Changed,
}

/// Formats a rules file.
///
/// The result may be longer than the text, but no statement gets longer than the limit.
///
/// # Errors
///
/// Returns an error if a statement has an error, if the text is a map, or if its meaning would change.
pub fn format(source: SourceId, text: &str) -> Result<String, FormatError> {
    let (file, findings) = parse(source, text);
    if !findings.is_empty() {
        return Err(FormatError::Syntax(findings));
    }
    if !file.broken.is_empty() {
        return Err(FormatError::Map);
    }
    let items = items(&file, text).ok_or(FormatError::Changed)?;
    let formatted = write(&items);
    let (again, findings) = parse(source, &formatted);
    let is_same = findings.is_empty()
        && again.broken.is_empty()
        && says_the_same((&file, text), (&again, &formatted))
        && comments(text).eq(comments(&formatted));
    if is_same {
        Ok(formatted)
    } else {
        Err(FormatError::Changed)
    }
}

/// Returns a statement on one line, with the spelling of its author and without comments; `None` if it has an error.
///
/// The text is the same for every layout of the statement.
#[must_use]
pub fn one_line(statement: &str) -> Option<String> {
    let (file, _) = parse(SourceId::default(), statement);
    let [statement_of_file] = file.statements.as_slice() else {
        return None;
    };
    let mut line = String::new();
    for piece in outline(&statement_of_file.kind) {
        let word = piece.of(statement);
        if !line.is_empty() && word != "," {
            line.push(' ');
        }
        line.push_str(word);
    }
    Some(line)
}

fn write(items: &[Item<'_>]) -> String {
    let mut text = String::new();
    let mut block: Vec<FormatStatement<'_, '_>> = Vec::new();
    for item in items {
        let statement = match item {
            Item::Statement(source) => Some(broken(source)),
            Item::Blank | Item::Comment(_) => None,
        };
        let family = statement.as_ref().map(|statement| statement.family);
        if block.first().is_some_and(|first| Some(first.family) != family) {
            columns::write(&block, &mut text);
            block.clear();
        }
        match item {
            Item::Blank => text.push('\n'),
            Item::Comment(comment) => {
                text.push_str(comment);
                text.push('\n');
            }
            Item::Statement(_) => block.extend(statement),
        }
    }
    columns::write(&block, &mut text);
    text
}

/// Returns true if two texts have the same words.
fn says_the_same((one, text): (&File, &str), (other, other_text): (&File, &str)) -> bool {
    one.statements.len() == other.statements.len()
        && one.statements.iter().zip(&other.statements).all(|(one, other)| {
            let (one, other) = (outline(&one.kind), outline(&other.kind));
            let is_same = |(one, other): (&OutlinePiece, &OutlinePiece)| {
                std::mem::discriminant(one) == std::mem::discriminant(other)
                    && one.of(text) == other.of(other_text)
            };
            one.len() == other.len() && one.iter().zip(&other).all(is_same)
        })
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(findings) => write!(f, "the text has errors: {}", findings.len()),
            Self::Map => f.write_str("the text is a map of the old format"),
            Self::Changed => f.write_str(
                "the formatted text would have another meaning, so it is not changed: please report this fault of \
                 imageswap",
            ),
        }
    }
}

impl std::error::Error for FormatError {}

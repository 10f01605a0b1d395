//! Checks of a statement before its words are parsed: characters, quotes and escapes.

use super::ast::Word;
use crate::diagnostic::{Code, Diagnostic, SourceId, Span};

/// Returns the first error in the characters of a statement.
pub(super) fn check(source: SourceId, statement: Word, text: &str) -> Option<Diagnostic> {
    let (found, start, end) = first_fault(text)?;
    let at = |offset: usize| statement.start + u32::try_from(offset).unwrap_or(u32::MAX);
    let span = Word {
        start: at(start),
        end: at(end),
    }
    .span(source);
    let character = text.get(start..end).unwrap_or_default();
    Some(match found {
        CharacterFault::Control => {
            control(character, span).help("use only spaces, tabs and line ends between words")
        }
        CharacterFault::Space => Diagnostic::error(
            Code::CHARACTER,
            format!(
                "white space that is neither a space nor a tab, `{}`",
                character.escape_unicode()
            ),
            span,
        )
        .suggest("write a space", span, " "),
        CharacterFault::QuoteInWord => Diagnostic::error(Code::QUOTES, "a quote inside a word", span)
            .label("a quoted text begins after a space")
            .help(
                "remove the quotes of a word; only texts for people have quotes: `because \"pin a version\"`",
            ),
        CharacterFault::Open => Diagnostic::error(Code::QUOTES, "the quoted text has no end", span)
            .label("begins here")
            .help("end the text with `\"` on the same line; write a quote within it as `\\\"`"),
        CharacterFault::Behind => {
            Diagnostic::error(Code::QUOTES, "a quoted text ends in the middle of a word", span)
                .help("add a space after the closing quote, or write a quote within the text as `\\\"`")
        }
        CharacterFault::Escape => {
            Diagnostic::error(Code::ESCAPE, format!("unknown escape `{character}`"), span)
                .help("use `\\\"`, `\\\\` or `\\{`")
        }
    })
}

/// Reports the first control character of each line outside of statements, which are comments: a terminal could show
/// the text as something else.
pub(super) fn check_between<'t>(
    source: SourceId,
    text: &'t str,
    statements: impl Iterator<Item = Word> + 't,
) -> impl Iterator<Item = Diagnostic> + 't {
    let mut statements = statements.peekable();
    let mut offset = 0u32;
    text.split_inclusive('\n').filter_map(move |line| {
        let start = offset;
        offset = offset.saturating_add(u32::try_from(line.len()).unwrap_or(u32::MAX));
        while statements.next_if(|statement| statement.end <= start).is_some() {}
        if statements
            .peek()
            .is_some_and(|statement| statement.start < offset)
        {
            return None;
        }
        let line = line.strip_suffix('\n').unwrap_or(line);
        let line = line.strip_suffix('\r').unwrap_or(line);
        let is_wrong = |character: &char| character.is_control() && *character != '\t';
        let (at, character) = line.char_indices().find(|(_, character)| is_wrong(character))?;
        let start = start.saturating_add(u32::try_from(at).unwrap_or(u32::MAX));
        let end = start + u32::try_from(character.len_utf8()).unwrap_or_default();
        let span = Word { start, end }.span(source);
        let finding = control(character.encode_utf8(&mut [0; 4]), span);
        Some(finding.help("remove it"))
    })
}

fn control(character: &str, span: Span) -> Diagnostic {
    let message = format!("a control character, `{}`", character.escape_default());
    Diagnostic::error(Code::CHARACTER, message, span)
}

/// Returns the end of the last word of a statement, before the comments that follow it.
pub(super) fn end(text: &str) -> usize {
    let mut end = 0;
    let mut state = WordState::Gap;
    let mut is_escaped = false;
    for (at, character) in text.char_indices() {
        state = match (state, character) {
            (WordState::Comment, '\n') => WordState::Gap,
            (WordState::Comment, _) => WordState::Comment,
            (WordState::Text { start }, _) if is_escaped || character != '"' => WordState::Text { start },
            (WordState::Text { .. }, _) => WordState::Closed,
            (_, ' ' | '\t' | '\r' | '\n') => WordState::Gap,
            (WordState::Gap, '#') => WordState::Comment,
            (WordState::Gap, '"') => WordState::Text { start: at },
            _ => WordState::Word,
        };
        is_escaped = character == '\\' && !is_escaped;
        if !matches!(state, WordState::Gap | WordState::Comment) {
            end = at + character.len_utf8();
        }
    }
    end
}

/// Returns true if a byte is allowed everywhere, as nearly all bytes of a rules file are.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t' | b'\n') && byte != b'"'
}

enum CharacterFault {
    Control,
    Space,
    QuoteInWord,
    Open,
    Behind,
    Escape,
}

#[derive(Clone, Copy)]
enum WordState {
    Gap,
    Word,
    Comment,
    Text { start: usize },
    Closed,
}

fn first_fault(text: &str) -> Option<(CharacterFault, usize, usize)> {
    if text.bytes().all(is_plain) {
        return None;
    }
    let mut state = WordState::Gap;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let end = at + character.len_utf8();
        let is_line_end =
            character == '\n' || character == '\r' && characters.peek().is_none_or(|(_, next)| *next == '\n');
        if character.is_control() && character != '\t' && !is_line_end {
            return Some((CharacterFault::Control, at, end));
        }
        let is_space = is_line_end || matches!(character, ' ' | '\t');
        state = match state {
            WordState::Comment if character != '\n' => WordState::Comment,
            WordState::Text { start } => match character {
                '"' => WordState::Closed,
                '\n' => return Some((CharacterFault::Open, start, at)),
                '\\' => match characters.next() {
                    Some((_, '"' | '\\' | '{')) => state,
                    Some((_, '\n' | '\r')) | None => return Some((CharacterFault::Open, start, end)),
                    Some((next, escaped)) => {
                        return Some((CharacterFault::Escape, at, next + escaped.len_utf8()));
                    }
                },
                _ => state,
            },
            _ if is_space => WordState::Gap,
            _ if character.is_whitespace() => return Some((CharacterFault::Space, at, end)),
            WordState::Gap if character == '#' => WordState::Comment,
            WordState::Gap if character == '"' => WordState::Text { start: at },
            WordState::Word if character == '"' => return Some((CharacterFault::QuoteInWord, at, end)),
            WordState::Closed => return Some((CharacterFault::Behind, at, end)),
            _ => WordState::Word,
        };
    }
    match state {
        WordState::Text { start } => Some((CharacterFault::Open, start, text.len())),
        _ => None,
    }
}

//! The extents of statements: a statement is one line, and the indented lines below it continue it.

use super::ast::Word;

/// Text of a statement, from its first word to its last, with the comments and empty lines in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) word: Word,
    /// White space before its first line, which is not allowed there.
    pub(super) indent: Option<Word>,
    /// True if the next line may be intended as a part of this statement: it is indented and begins with the word of
    /// a statement, or is not indented and begins with a word that only continues one.
    pub(super) is_cut: bool,
}

/// Words that begin a statement.
pub(super) const STATEMENTS: [&str; 9] = [
    "rules", "let", "home", "swap", "keep", "deny", "warn", "off", "test",
];

/// Words that begin a modifier or a further condition.
pub(super) const CONTINUATIONS: [&str; 6] = ["when", "and", "as", "because", "pull-secret", "allow"];

/// Byte order mark, which some editors write at the start of a file. It is not part of the first line.
pub(super) const BYTE_ORDER_MARK: &str = "\u{FEFF}";

/// Returns the extents of the statements of a text.
pub(super) fn extents(text: &str) -> Vec<Extent> {
    let mut extents: Vec<Extent> = Vec::new();
    let mut offset = 0u32;
    for (number, whole) in text.split_inclusive('\n').enumerate() {
        let mut start = offset;
        offset = offset.saturating_add(length(whole));
        let mut line = whole;
        if number == 0
            && let Some(rest) = line.strip_prefix(BYTE_ORDER_MARK)
        {
            line = rest;
            start += length(BYTE_ORDER_MARK);
        }
        let words = line.trim_start_matches([' ', '\t']);
        let indent = Word {
            start,
            end: start + length(line) - length(words),
        };
        let words = words.trim_end_matches([' ', '\t', '\r', '\n']);
        if words.is_empty() || words.starts_with('#') {
            continue;
        }
        let word = Word {
            start: indent.end,
            end: indent.end + length(words),
        };
        let is_indented = indent.start < indent.end;
        match extents.last_mut() {
            Some(above) if is_indented && !STATEMENTS.contains(&first_word(words)) => {
                above.word.end = word.end
            }
            above => {
                if let Some(above) = above {
                    above.is_cut = is_indented || continues(first_word(words));
                }
                extents.push(Extent {
                    word,
                    indent: is_indented.then_some(indent),
                    is_cut: false,
                });
            }
        }
    }
    extents
}

/// Returns true if a word begins no statement, but continues one.
pub(super) fn continues(word: &str) -> bool {
    CONTINUATIONS.contains(&word) || word == "not" || word == "->"
}

/// Returns the first word of a line without indent.
pub(super) fn first_word(line: &str) -> &str {
    line.split([' ', '\t', '\r', '\n']).next().unwrap_or_default()
}

/// Returns the length of a text. Files are limited far below 4 GiB.
fn length(text: &str) -> u32 {
    u32::try_from(text.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<&str> {
        extents(text).iter().map(|extent| extent.word.of(text)).collect()
    }

    #[test]
    fn indented_lines_continue_a_statement() {
        let text = "keep a/\r\n\n# between\n   # indented\n\twhen x  \n\nkeep b/\n# end\n";
        assert_eq!(
            read(text),
            ["keep a/\r\n\n# between\n   # indented\n\twhen x", "keep b/"]
        );
    }

    #[test]
    fn indented_keyword_begins_an_indented_statement() {
        let text = "keep a/\n  swap b/ -> c.io/\n    as x\n";
        let found = extents(text);
        assert_eq!(read(text), ["keep a/", "swap b/ -> c.io/\n    as x"]);
        assert!(found[0].is_cut && found[0].indent.is_none());
        assert_eq!(found[1].indent.map(|indent| indent.of(text)), Some("  "));
    }

    #[test]
    fn first_line_excludes_the_byte_order_mark() {
        assert_eq!(read("\u{FEFF}rules v1"), ["rules v1"]);
        assert_eq!(read("\u{FEFF}"), [""; 0]);
    }
}

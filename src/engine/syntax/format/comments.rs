//! The comments of a text, found without its statements. So the comparison notices a comment that a statement loses.

use crate::syntax::lines::BYTE_ORDER_MARK;

/// Returns the comments of a text without syntax errors, each without the white space around it.
pub(super) fn comments(text: &str) -> impl Iterator<Item = &str> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    text.split('\n').filter_map(comment)
}

/// Returns the comment of a line. It begins at the start of the line or after white space, and not in quotes, which
/// end on their line.
fn comment(line: &str) -> Option<&str> {
    let mut is_quoted = false;
    let mut is_escaped = false;
    let mut before = ' ';
    for (at, character) in line.char_indices() {
        let is_behind_space = matches!(before, ' ' | '\t');
        match character {
            '#' if !is_quoted && is_behind_space => {
                return line
                    .get(at..)
                    .map(|comment| comment.trim_end_matches([' ', '\t', '\r']));
            }
            '"' if is_quoted && !is_escaped => is_quoted = false,
            '"' if is_behind_space => is_quoted = true,
            _ => {}
        }
        is_escaped = is_quoted && character == '\\' && !is_escaped;
        before = character;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comment_begins_after_white_space_outside_quotes() {
        for (text, expected) in [
            ("# all of it \r", Some("# all of it")),
            ("keep quay.io/\t# ours", Some("# ours")),
            ("keep quay.io/#x", None),
            (r#"deny ** because "see # 7" # why"#, Some("# why")),
            (r#"deny ** because "a \\" # why"#, Some("# why")),
            (r#"deny ** because "a \" # b""#, None),
            (r#"deny ** because "\\\" # b" # "c" # d"#, Some(r#"# "c" # d"#)),
            ("\u{FEFF}# first", Some("# first")),
        ] {
            assert_eq!(comments(text).next(), expected, "{text}");
        }
    }
}

//! Findings about lines that begin with white space, or with a word that begins no statement.

use super::ast::Word;
use super::expected::shown;
use super::lines::{self, STATEMENTS};
use crate::diagnostic::{Code, Diagnostic, SourceId, Span, similar};

/// Reports a statement that is indented. Returns true with it if there is nothing more to report about the statement.
pub(super) fn indented(
    source: SourceId,
    indent: Word,
    statement: Word,
    text: &str,
    first: bool,
) -> (Diagnostic, bool) {
    let keyword = lines::first_word(statement.of(text));
    let is_other = first && !STATEMENTS.contains(&keyword);
    let is_alone = statement.of(text) == keyword;
    let message = if is_other {
        "the first line is indented, but there is no statement above that it continues".to_owned()
    } else {
        format!("the statement `{keyword}` is indented")
    };
    let place = Word {
        start: statement.start,
        end: statement.start + u32::try_from(keyword.len()).unwrap_or_default(),
    };
    let finding = Diagnostic::error(Code::INDENT, message, place.span(source))
        .label("an indented line continues the statement above it");
    if is_alone && !first {
        let help = format!("to continue the statement above, write `{keyword}` at the end of its line");
        return (finding.help(help), true);
    }
    let finding = finding.suggest("remove the indent", indent.span(source), "");
    (finding, is_other)
}

/// Reports a line that begins with a word that begins no statement.
pub(super) fn unknown_statement(source: SourceId, statement: Word, text: &str) -> Diagnostic {
    let first = lines::first_word(text);
    let span = Word {
        start: statement.start,
        end: statement.start + u32::try_from(first.len()).unwrap_or_default(),
    }
    .span(source);
    let finding = Diagnostic::error(
        Code::UNKNOWN_STATEMENT,
        format!("unknown statement `{}`", shown(first)),
        span,
    )
    .label("expected `let`, `home`, `swap`, `keep`, `deny`, `warn`, `off` or `test`");
    // `allow quay.io/` is not a list of lints.
    let is_pattern = |word: &str| word.contains(['/', '.', ':', '*']);
    let is_keep = first == "allow" && text.split_whitespace().nth(1).is_some_and(is_pattern);
    if lines::continues(first) && !is_keep {
        return finding.suggest(
            "indent the line to continue the statement above it",
            at_start(span),
            "  ",
        );
    }
    if first.contains("::") {
        return finding.help(
            "write a rule, `swap KEY/ -> VALUE/`, or move the line to a map file in the same directory",
        );
    }
    if ["//", "/*", ";", "--"].iter().any(|sign| first.starts_with(sign)) {
        return finding.help("begin a comment with `#`");
    }
    match synonym(first).or_else(|| similar(first, STATEMENTS)) {
        Some(meant) => finding.suggest(format!("write `{meant}`"), span, meant),
        None => finding.help("begin each statement with its keyword at the start of a line"),
    }
}

/// Returns the keyword for a word that other tools use.
fn synonym(word: &str) -> Option<&'static str> {
    Some(match word {
        "redirect" | "replace" | "rewrite" | "mirror" | "map" | "move" => "swap",
        "ignore" | "skip" | "noswap" | "exclude" | "allow" => "keep",
        "block" | "reject" | "refuse" | "forbid" => "deny",
        "set" | "const" | "var" | "define" => "let",
        "disable" => "off",
        "expect" | "assert" | "check" => "test",
        _ => return None,
    })
}

/// Returns the empty place at the start of a span.
fn at_start(span: Span) -> Span {
    Span {
        end: span.start,
        ..span
    }
}

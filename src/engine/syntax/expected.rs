//! Findings about a text that is not a statement: the text that was found, and what the grammar expects.

use pest::error::{Error, ErrorVariant, InputLocation};

use super::ast::Word;
use super::forms::form_of;
use super::grammar::Token;
use super::lines::{self, CONTINUATIONS, Extent};
use super::slips;
use super::words;
use crate::context::{Subject, ValueKind};
use crate::diagnostic::{Code, Diagnostic, SourceId, similar};

/// Turns the error of pest into a finding. Returns `None` if the statement only seems to end early, because an
/// indented keyword has cut it.
pub(super) fn finding(
    source: SourceId,
    extent: &Extent,
    text: &str,
    error: &Error<Token>,
) -> Option<Diagnostic> {
    let position = match error.location {
        InputLocation::Pos(position) | InputLocation::Span((position, _)) => position.min(text.len()),
    };
    let expected = match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => positives.as_slice(),
        ErrorVariant::CustomError { .. } => &[],
    };
    if let Some(finding) = unspaced(source, extent, text, position, expected) {
        return Some(finding);
    }
    let (start, found) = found_at(text, position);
    if found.is_empty() && extent.is_cut {
        return None;
    }
    let at = |offset: usize| extent.word.start + u32::try_from(offset).unwrap_or(u32::MAX);
    let span = Word {
        start: at(start),
        end: at(start + found.len()),
    }
    .span(source);
    let found = (!found.is_empty()).then_some(found);
    let names = expected_names(expected);
    let keyword = lines::first_word(text);
    Some(match found {
        Some(word) if is_condition(expected) => {
            let finding = Diagnostic::error(
                Code::UNKNOWN_CONDITION,
                format!("unknown condition `{}`", shown(word)),
                span,
            )
            .label("not a condition");
            if word.starts_with('(') {
                finding.help(
                    "join conditions with `and`, and write a second rule for `or`: there are no parentheses",
                )
            } else if let Some(meant) = slips::condition(word) {
                finding.suggest(format!("write `{meant}`"), span, meant)
            } else if let Some(meant) = similar(word, Subject::words()) {
                finding.suggest(format!("write `{meant}`"), span, meant)
            } else {
                finding.help(format!("use {}", listed(Subject::words(), "and")))
            }
        }
        Some(word) if expected.contains(&Token::end) || expected.contains(&Token::EOI) => {
            unexpected(source, extent, keyword, text, (start, word), &names)
        }
        Some(word) => {
            let finding = Diagnostic::error(
                Code::SYNTAX,
                format!("expected {}, found `{}`", either(&names), shown(word)),
                span,
            );
            syntax_help(finding, expected, word, keyword)
        }
        None => {
            let message = format!("expected {}, found the end of the statement", either(&names));
            let finding = Diagnostic::error(Code::SYNTAX, message, span);
            if is_condition(expected) {
                finding.help(format!("use {}", listed(Subject::words(), "and")))
            } else if text.trim_end().ends_with(',') {
                finding.help("remove the comma at the end, or add a value after it")
            } else {
                finding.help(form_of(keyword))
            }
        }
    })
}

/// Reports an arrow or an equals sign without a space before it.
fn unspaced(
    source: SourceId,
    extent: &Extent,
    text: &str,
    position: usize,
    expected: &[Token],
) -> Option<Diagnostic> {
    let sign = match () {
        () if expected.contains(&Token::arrow) => "->",
        () if expected.contains(&Token::equals) => "=",
        () => return None,
    };
    let before = text.get(..position)?.trim_end();
    let word = before.rsplit([' ', '\t', '\n', '\r']).next()?;
    let (left, right) = word.split_once(sign)?;
    let start = extent.word.start + u32::try_from(before.len() - word.len()).ok()?;
    let span = Word {
        start,
        end: start + u32::try_from(word.len()).ok()?,
    }
    .span(source);
    let spaced = format!("{left} {sign} {right}");
    let message = format!("expected a space on both sides of `{sign}` in `{}`", shown(word));
    Some(Diagnostic::error(Code::SYNTAX, message, span).suggest(
        format!("write `{}`", shown(spaced.trim())),
        span,
        spaced.trim(),
    ))
}

/// Reports a word after which the statement should have ended or continued differently.
fn unexpected(
    source: SourceId,
    extent: &Extent,
    keyword: &str,
    text: &str,
    (start, word): (usize, &str),
    names: &[&str],
) -> Diagnostic {
    let before = text.get(..start).unwrap_or_default().trim_end();
    let mut words = before.split_ascii_whitespace().rev();
    let previous = words.next().unwrap_or_default();
    let earlier = words.next().unwrap_or_default();
    // `namespace = prod` has a value already: the equals sign.
    let is_sign = matches!(previous, "=" | "==");
    let (start, word) = if is_sign {
        (before.len() - previous.len(), previous)
    } else {
        (start, word)
    };
    let at = |offset: usize| extent.word.start + u32::try_from(offset).unwrap_or(u32::MAX);
    let span = Word {
        start: at(start),
        end: at(start + word.len()),
    }
    .span(source);
    let finding = Diagnostic::error(Code::UNEXPECTED, format!("unexpected `{}`", shown(word)), span)
        .label(format!("expected {}", either(names)));
    match word {
        "or" | "||" | "|" => {
            finding.help("separate values of one subject with a comma, and write a second rule for `or`")
        }
        "unless" => finding.help("write `when not CONDITION`"),
        "pull-secret" => finding.help("remove it: only `swap` and `keep` can have a pull secret"),
        "->" if keyword == "keep" || keyword == "deny" || keyword == "warn" => {
            finding.help("remove it: only `swap` has a target")
        }
        "=" | "==" => finding.help(
            "write a condition as `namespace VALUE` or `label KEY=VALUE`, without spaces around the `=`",
        ),
        "&&" | "&" => finding.suggest("write `and`", span, "and"),
        _ if is_without_value(previous) => finding.help(format!("remove it: `{previous}` has no value")),
        _ if previous.ends_with('{') => {
            finding.help("write a name between the braces, without spaces: `{hub}`")
        }
        _ => match meant(word, names) {
            Some(meant) => finding.suggest(format!("write `{meant}`"), span, meant),
            None if keyword == "let" => finding.help("write a value with spaces in quotes"),
            None if keyword == "home" => finding.help("write a comma between two prefixes"),
            None if word.starts_with('"') && names.contains(&"`because`") => {
                let text = format!("because {word}");
                finding.suggest(format!("write `{}`", shown(&text)), span, text)
            }
            None if earlier == "as" => {
                finding.help("write a name as one word, with `-`, `_` or `.` instead of spaces")
            }
            None if before.split_whitespace().any(|word| word == "when") => finding.help(
                slips::behind([earlier, previous])
                    .unwrap_or_else(|| "separate values with a comma, conditions with `and`".to_owned()),
            ),
            None if keyword == "swap" => {
                finding.help("write a rule for each: a swap has one pattern and one target")
            }
            None if matches!(keyword, "keep" | "deny" | "warn") => {
                finding.help("write a rule for each: a rule has one pattern")
            }
            None => finding.help(form_of(keyword)),
        },
    }
}

/// Returns the expected word that the user may have intended.
fn meant(word: &str, names: &[&str]) -> Option<&'static str> {
    let synonym = match word {
        "if" | "where" => "when",
        "named" | "name" => "as",
        "message" | "reason" => "because",
        _ => word,
    };
    let expected = |modifier: &&str| names.contains(&format!("`{modifier}`").as_str());
    similar(synonym, CONTINUATIONS.into_iter().filter(expected))
}

fn syntax_help(finding: Diagnostic, expected: &[Token], word: &str, keyword: &str) -> Diagnostic {
    let quoted = word.strip_prefix('"').and_then(|word| word.strip_suffix('"'));
    if let (Some(quoted), Some(span)) = (quoted, finding.span()) {
        let is_word = !quoted.is_empty() && !quoted.contains([' ', '\t', '\\', '"']);
        return match is_word {
            true => finding.suggest(format!("write `{quoted}`, without quotes"), span, quoted),
            false => finding
                .help("remove the quotes; a word has no spaces, and in a value `*` matches any character"),
        };
    }
    if expected.contains(&Token::text) && keyword != "let" {
        return finding.help("write a text for people in double quotes: `because \"pin a version\"`");
    }
    if let (true, Some(target), Some(span)) = (
        expected.contains(&Token::arrow),
        word.strip_prefix("->"),
        finding.span(),
    ) {
        let spaced = format!("-> {target}");
        return finding.suggest(format!("write `{}`", shown(&spaced)), span, spaced);
    }
    if word == "\\" {
        return finding.help("remove the `\\`: an indented line continues the statement above it");
    }
    let sign = match word {
        "=>" | "=" | "-->" | "==>" | "→" | "⇒" | "to" if expected.contains(&Token::arrow) => "->",
        ":=" | "==" | ":" if expected.contains(&Token::equals) => "=",
        _ => return finding.help(form_of(keyword)),
    };
    match finding.span() {
        Some(span) => finding.suggest(format!("write `{sign}`"), span, sign),
        None => finding,
    }
}

/// Returns the word at or after a position, without white space and comments.
fn found_at(text: &str, position: usize) -> (usize, &str) {
    let mut rest = text.get(position..).unwrap_or_default();
    loop {
        let trimmed = rest.trim_start();
        let is_behind_space = trimmed.len() < rest.len() || position == 0;
        rest = trimmed;
        match rest.strip_prefix('#') {
            Some(comment) if is_behind_space => {
                rest = comment
                    .find('\n')
                    .and_then(|end| comment.get(end..))
                    .unwrap_or_default();
            }
            _ => break,
        }
    }
    let word = if rest.starts_with('"') {
        let end = rest
            .match_indices('"')
            .nth(1)
            .map_or(rest.len(), |(end, _)| end + 1);
        rest.get(..end).unwrap_or(rest)
    } else {
        rest.split([' ', '\t', '\n', '\r']).next().unwrap_or_default()
    };
    if word.is_empty() {
        return (words::end(text), word);
    }
    (text.len() - rest.len(), word)
}

/// Returns the names of the expected rules of the grammar, each once, in the order of the grammar.
fn expected_names(expected: &[Token]) -> Vec<&'static str> {
    let mut names = Vec::new();
    for token in expected {
        let name = match token {
            Token::EOI | Token::end => "the end of the statement",
            Token::version => "a version",
            Token::name => "a name",
            Token::constant => "a value",
            Token::prefix => "a prefix",
            Token::pattern | Token::word => "a pattern",
            Token::target => "a target",
            Token::image | Token::result => "an image",
            Token::secret => "the name of a Secret",
            Token::lint => "the name of a lint",
            Token::value => "a value",
            Token::text => "a quoted text",
            Token::arrow => "`->`",
            Token::equals => "`=`",
            Token::comma => "`,`",
            Token::keep => "`keep`",
            Token::deny => "`deny`",
            Token::warn => "`warn`",
            Token::when | Token::condition_list => "`when`",
            Token::and => "`and`",
            Token::as_ | Token::as_modifier => "`as`",
            Token::because | Token::because_modifier => "`because`",
            Token::pull_secret | Token::pull_secret_modifier => "`pull-secret`",
            Token::allow | Token::allow_modifier => "`allow`",
            Token::written => "`written`",
            Token::condition | Token::namespace | Token::not | Token::unqualified => "a condition",
            _ => continue,
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn is_condition(expected: &[Token]) -> bool {
    expected
        .iter()
        .any(|token| matches!(token, Token::condition | Token::namespace | Token::unqualified))
}

/// Returns true for a condition that has no value.
fn is_without_value(word: &str) -> bool {
    Subject::parse(word).is_some_and(|subject| subject.kind() == ValueKind::None)
}

fn either(names: &[&str]) -> String {
    if names.is_empty() {
        "something else".to_owned()
    } else {
        listed_plain(names, "or")
    }
}

/// Returns a list such as `` `a`, `b` and `c` ``.
fn listed<'w>(words: impl Iterator<Item = &'w str>, last: &str) -> String {
    let quoted: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    let quoted: Vec<&str> = quoted.iter().map(String::as_str).collect();
    listed_plain(&quoted, last)
}

fn listed_plain(words: &[&str], last: &str) -> String {
    match words.split_last() {
        Some((end, [])) => (*end).to_owned(),
        Some((end, before)) => format!("{} {last} {end}", before.join(", ")),
        None => String::new(),
    }
}

/// Returns the part of a word that a message shows.
pub(super) fn shown(word: &str) -> String {
    const SHOWN: usize = 80;
    match word.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", word.get(..end).unwrap_or_default()),
        None => word.to_owned(),
    }
}

//! The statements of a rules file, parsed one by one.

use pest::Parser as _;
use pest::iterators::{Pair, Pairs};

use super::ast::{
    Action, Condition, File, Modifier, ModifierKind, Outcome, Rule, Statement, StatementKind, Value, Word,
};
use super::grammar::{RulesParser, Token};
use super::{begins, expected, lines, words};
use crate::context::Subject;
use crate::diagnostic::{Code, Diagnostic, Findings, SourceId};

/// Maximum length of a statement with its continuation lines, in bytes.
pub const MAX_STATEMENT: usize = 4096;

/// Returns the start of a rules file, by its first statement; `None` if the text is a map or has no statement.
#[must_use]
pub fn is_rules_file(text: &str) -> Option<Header> {
    let first = lines::extents(first_statement(text)).first()?.word.of(text);
    match lines::first_word(first) {
        "rules" => Some(Header::Present),
        word if lines::STATEMENTS.contains(&word) && is_statement(first) => Some(Header::Missing),
        _ => None,
    }
}

/// Returns the first word of a file; if it has none, the empty place where it could begin.
#[must_use]
pub fn first_word(text: &str) -> Word {
    let mark = if text.starts_with('\u{FEFF}') { 3 } else { 0 };
    let extent = lines::extents(first_statement(text));
    let Some(word) = extent.first().map(|extent| extent.word) else {
        return Word {
            start: mark,
            end: mark,
        };
    };
    let length = lines::first_word(word.of(text)).len();
    Word {
        end: word.start + u32::try_from(length).unwrap_or_default(),
        ..word
    }
}

/// The start of a rules file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// `rules ...`
    Present,
    /// Another statement.
    Missing,
}

/// Returns the text up to the end of the first line with a statement, so that the whole of a long file need not be
/// read for it.
fn first_statement(text: &str) -> &str {
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        end += line.len();
        let line = line.trim_start_matches('\u{FEFF}').trim();
        if !line.is_empty() && !line.starts_with('#') {
            break;
        }
    }
    text.get(..end).unwrap_or(text)
}

/// A map line may begin with the same word (`home::x`, `test ::x`), but never continues as a statement does.
fn is_statement(first: &str) -> bool {
    first
        .split_whitespace()
        .nth(1)
        .is_some_and(|second| !second.starts_with(':'))
}

/// Parses the statements of a text. A statement with an error is missing from the tree, and its error is among the
/// findings.
#[must_use]
pub fn parse(source: SourceId, text: &str) -> (File, Findings) {
    let mut findings = Findings::default();
    let extents = lines::extents(text);
    let mut statements = Vec::with_capacity(extents.len());
    let mut broken = Vec::new();
    // In a map with the name of a rules file, all lines have the same error, which the missing header reports.
    let is_header = |extent: &lines::Extent| lines::first_word(extent.word.of(text)) == "rules";
    let is_map = is_rules_file(text).is_none() && !extents.iter().any(is_header);
    for (number, extent) in extents.iter().enumerate() {
        let mut is_reported = is_map && lines::first_word(extent.word.of(text)).contains("::");
        if let Some(indent) = extent.indent {
            let (finding, is_all) = begins::indented(source, indent, extent.word, text, number == 0);
            findings.push(finding);
            is_reported |= is_all;
        }
        match statement(source, extent, text) {
            Ok(statement) => statements.push(statement),
            Err(finding) => {
                broken.push(extent.word);
                findings.extend(finding.filter(|_| !is_reported).map(|finding| *finding));
            }
        }
    }
    // In ASCII text, which is nearly all text, no other byte is a control character.
    if !is_map
        && text
            .bytes()
            .any(|byte| !matches!(byte, b' '..=b'~' | b'\t' | b'\n'))
    {
        let words = extents.iter().map(|extent| extent.word);
        findings.extend(words::check_between(source, text, words));
    }
    let file = File {
        source,
        statements,
        broken,
    };
    (file, findings)
}

type Parsed<T> = Result<T, Option<Box<Diagnostic>>>;

fn statement(source: SourceId, extent: &lines::Extent, text: &str) -> Parsed<Statement> {
    let word = extent.word;
    let text = word.of(text);
    let fail = |finding| Err(Some(Box::new(finding)));
    if text.len() > MAX_STATEMENT {
        let start = Word {
            start: word.start,
            end: word.start + u32::try_from(lines::first_word(text).len().min(80)).unwrap_or_default(),
        };
        let message = format!("a statement of {} bytes", text.len());
        return fail(
            Diagnostic::error(Code::STATEMENT_TOO_LONG, message, start.span(source)).help(format!(
                "split it: a statement has at most {MAX_STATEMENT} bytes, its continuation lines included"
            )),
        );
    }
    let first = lines::first_word(text);
    let Some(rule) = rule_of(first) else {
        // Unusual white space hides the end of the first word.
        if first.contains(|character: char| character.is_whitespace() || character.is_control())
            && let Some(finding) = words::check(source, word, text)
        {
            return fail(finding);
        }
        return fail(begins::unknown_statement(source, word, text));
    };
    if let Some(finding) = words::check(source, word, text) {
        return fail(finding);
    }
    match RulesParser::parse(rule, text) {
        Ok(mut pairs) => {
            let reader = Reader { base: word.start };
            let kind = pairs.next().and_then(|pair| reader.statement(pair));
            // The reader knows every form of the grammar.
            kind.map(|kind| Statement { word, kind }).ok_or(None)
        }
        Err(error) => {
            // pest never reports white space as expected: with some at the end, it reports what can follow it.
            let padded = format!("{text}\n");
            let error = RulesParser::parse(rule, &padded).err().unwrap_or(error);
            Err(expected::finding(source, extent, text, &error).map(Box::new))
        }
    }
}

/// Returns the rule of the grammar for a statement, by its first word.
pub(super) fn rule_of(word: &str) -> Option<Token> {
    Some(match word {
        "rules" => Token::rules_statement,
        "let" => Token::let_statement,
        "home" => Token::home_statement,
        "swap" => Token::swap_statement,
        "keep" => Token::keep_statement,
        "deny" => Token::deny_statement,
        "warn" => Token::warn_statement,
        "off" => Token::off_statement,
        "test" => Token::test_statement,
        _ => return None,
    })
}

/// Builds the tree from the result of pest for one statement.
struct Reader {
    /// Index of the statement in its file.
    base: u32,
}

impl Reader {
    fn word(&self, pair: &Pair<'_, Token>) -> Word {
        let span = pair.as_span();
        let at = |offset: usize| self.base + u32::try_from(offset).unwrap_or(u32::MAX);
        Word {
            start: at(span.start()),
            end: at(span.end()),
        }
    }

    fn statement(&self, pair: Pair<'_, Token>) -> Option<StatementKind> {
        let form = pair.as_rule();
        let mut parts = pair.into_inner();
        let keyword = parts.next()?.as_rule();
        Some(match form {
            Token::rules_statement => StatementKind::Rules {
                version: self.word(&parts.next()?),
                when: self.when(&mut parts),
            },
            Token::let_statement => {
                let (name, _equals, value) = (parts.next()?, parts.next()?, parts.next()?);
                let word = self.word(&value);
                StatementKind::Let {
                    name: self.word(&name),
                    value: match value.as_rule() {
                        Token::text => Value::Text(word),
                        _ => Value::Word(word),
                    },
                }
            }
            Token::home_statement => StatementKind::Home {
                prefixes: self.all(parts, Token::prefix),
            },
            Token::off_statement => StatementKind::Off {
                name: self.word(&parts.next()?),
                because: match parts.next()? {
                    modifier if modifier.as_rule() == Token::because_modifier => {
                        Some(self.word(&modifier.into_inner().nth(1)?))
                    }
                    _ => None,
                },
            },
            Token::test_statement => {
                let image = self.word(&parts.next()?);
                let outcome = match parts.next()?.as_rule() {
                    Token::arrow => Outcome::Image(self.word(&parts.next()?)),
                    Token::keep => Outcome::Keep,
                    Token::deny => Outcome::Deny,
                    _ => Outcome::Warn,
                };
                let when = self.when(&mut parts);
                StatementKind::Test { image, outcome, when }
            }
            _ => {
                let action = match keyword {
                    Token::swap => Action::Swap,
                    Token::keep => Action::Keep,
                    Token::deny => Action::Deny,
                    _ => Action::Warn,
                };
                StatementKind::Rule(Box::new(self.rule(action, parts)?))
            }
        })
    }

    fn rule(&self, action: Action, mut parts: Pairs<'_, Token>) -> Option<Rule> {
        let pattern = parts.next()?.into_inner();
        let written = pattern.clone().any(|part| part.as_rule() == Token::written);
        let pattern = self.word(&pattern.last()?);
        let mut target = None;
        let mut modifiers = Vec::new();
        for part in parts {
            match part.as_rule() {
                Token::arrow | Token::end => {}
                Token::target => target = Some(self.word(&part)),
                _ => modifiers.push(self.modifier(part)?),
            }
        }
        Some(Rule {
            action,
            written,
            pattern,
            target,
            modifiers,
        })
    }

    fn modifier(&self, modifier: Pair<'_, Token>) -> Option<Modifier> {
        let form = modifier.as_rule();
        let mut parts = modifier.into_inner();
        let keyword = self.word(&parts.next()?);
        let kind = match form {
            Token::condition_list => ModifierKind::When(self.conditions(parts)),
            Token::as_modifier => ModifierKind::As(self.word(&parts.next()?)),
            Token::because_modifier => ModifierKind::Because(self.word(&parts.next()?)),
            Token::pull_secret_modifier => ModifierKind::PullSecret(self.word(&parts.next()?)),
            _ => ModifierKind::Allow(self.all(parts, Token::lint)),
        };
        Some(Modifier { keyword, kind })
    }

    /// Reads the list of conditions that may be next.
    fn when(&self, parts: &mut Pairs<'_, Token>) -> Option<Vec<Condition>> {
        let list = parts
            .next()
            .filter(|list| list.as_rule() == Token::condition_list)?;
        Some(self.conditions(list.into_inner()))
    }

    fn conditions(&self, parts: Pairs<'_, Token>) -> Vec<Condition> {
        parts
            .filter(|part| part.as_rule() == Token::condition)
            .filter_map(|condition| self.condition(condition))
            .collect()
    }

    fn condition(&self, pair: Pair<'_, Token>) -> Option<Condition> {
        let word = self.word(&pair);
        let mut parts = pair.into_inner().peekable();
        let negated = parts.next_if(|part| part.as_rule() == Token::not).is_some();
        let subject = Subject::parse(parts.next()?.as_str())?;
        let values = parts
            .filter(|part| part.as_rule() == Token::value)
            .map(|value| self.word(&value))
            .collect();
        Some(Condition {
            word,
            negated,
            subject,
            values,
        })
    }

    fn all(&self, parts: Pairs<'_, Token>, of: Token) -> Vec<Word> {
        parts
            .filter(|part| part.as_rule() == of)
            .map(|part| self.word(&part))
            .collect()
    }
}

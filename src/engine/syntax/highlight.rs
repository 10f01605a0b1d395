//! The classes of the words of a text, for a highlighted view. The words are those of the grammar.

use std::ops::Range;

use pest::Parser as _;
use pest::iterators::Pair;

use super::grammar::{RulesParser, Token};
use super::lines;
use super::map;
use super::rules::rule_of;
use crate::diagnostic::SourceId;
use crate::label;

/// The class of a word, a sign or a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TextClass {
    /// A keyword of a statement.
    Keyword,
    /// The subject of a condition.
    Subject,
    /// A pattern, a target or another image, the value of a constant, or a part of the line of a map.
    Image,
    /// A name that the set gives or uses: of a rule, a constant, a secret or a lint.
    Name,
    /// The value of a condition.
    Value,
    /// A quoted text.
    Text,
    /// A placeholder in braces.
    Placeholder,
    /// An arrow, a comma or another sign between words.
    Sign,
    /// A comment.
    Comment,
}

label!(TextClass {
    Keyword => "keyword",
    Subject => "subject",
    Image => "image",
    Name => "name",
    Value => "value",
    Text => "text",
    Placeholder => "placeholder",
    Sign => "sign",
    Comment => "comment",
});

/// A part of a text, as a range of bytes, with its class.
pub type ClassifiedText = (Range<usize>, TextClass);

/// Returns the classified parts of a rules file that overlap with a range of it, in order. White space, and statements
/// with an error, have no class.
#[must_use]
pub fn of_rules(text: &str, within: &Range<usize>) -> Vec<ClassifiedText> {
    let mut found = Vec::new();
    let mut before = 0;
    for extent in lines::extents(text) {
        let (start, end) = (extent.word.start as usize, extent.word.end as usize);
        if start >= within.end {
            break;
        }
        if end > within.start {
            comments(text, before..start, &mut found);
            statement(text, start..end, &mut found);
        }
        before = end;
    }
    comments(text, before..within.end.max(before), &mut found);
    found.retain(|(range, _)| range.start < within.end && range.end > within.start);
    found
}

/// Returns the classified parts of a whole text of map lines.
#[must_use]
pub fn of_map(text: &str) -> Vec<ClassifiedText> {
    let mut found = Vec::new();
    let mut before = 0;
    for line in map::lines(SourceId::default(), text) {
        let whole = line.span.range();
        if let map::Statement::Pair { separator, .. } = line.statement {
            comments(text, before..whole.start, &mut found);
            let separator = separator.range();
            found.push((whole.start..separator.start, TextClass::Subject));
            found.push((separator.clone(), TextClass::Sign));
            found.push((separator.end..whole.end, TextClass::Image));
            before = whole.end;
        }
    }
    comments(text, before..text.len(), &mut found);
    found.retain(|(range, _)| !range.is_empty());
    found
}

/// Adds the parts of a statement.
fn statement(text: &str, range: Range<usize>, found: &mut Vec<ClassifiedText>) {
    let words = text.get(range.clone()).unwrap_or_default();
    let parsed = rule_of(lines::first_word(words)).map(|rule| RulesParser::parse(rule, words));
    let Some(Ok(pairs)) = parsed else { return };
    let mut before = range.start;
    for pair in pairs.flatten() {
        let Some(class) = class_of(pair.as_rule()) else {
            continue;
        };
        let part = part_of(&pair);
        let part = range.start + part.start..range.start + part.end;
        comments(text, before..part.start, found);
        before = part.end;
        placeholders(text, part, class, found);
    }
    comments(text, before..range.end, found);
}

/// Returns the range of a word. Around a comma are white space and comments.
fn part_of(pair: &Pair<'_, Token>) -> Range<usize> {
    let span = pair.as_span();
    if pair.as_rule() != Token::comma {
        return span.start()..span.end();
    }
    let mut is_comment = false;
    let comma = pair.as_str().bytes().position(|byte| {
        is_comment = byte == b'#' || is_comment && byte != b'\n';
        byte == b',' && !is_comment
    });
    let start = span.start() + comma.unwrap_or_default();
    start..start + 1
}

/// Adds a word, whose placeholders have a class of their own.
fn placeholders(text: &str, part: Range<usize>, class: TextClass, found: &mut Vec<ClassifiedText>) {
    let word = text.get(part.clone()).unwrap_or_default();
    let mut begin = 0;
    if !matches!(class, TextClass::Keyword | TextClass::Subject | TextClass::Sign) {
        while let Some((open, close)) = braces(word, begin) {
            found.push((part.start + begin..part.start + open, class));
            found.push((part.start + open..part.start + close, TextClass::Placeholder));
            begin = close;
        }
    }
    found.push((part.start + begin..part.end, class));
    found.retain(|(range, _)| !range.is_empty());
}

/// Returns the first pair of braces after an index, as the index of the first and the one after the second.
fn braces(word: &str, begin: usize) -> Option<(usize, usize)> {
    let rest = word.get(begin..)?;
    let mut is_escaped = false;
    let open = rest.bytes().position(|byte| {
        let opens = byte == b'{' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        opens
    })?;
    let close = rest.get(open..)?.find('}')?;
    Some((begin + open, begin + open + close + 1))
}

/// Adds the comments of a text that has only comments and white space.
fn comments(text: &str, range: Range<usize>, found: &mut Vec<ClassifiedText>) {
    let mut at = range.start;
    for line in text.get(range).unwrap_or_default().split_inclusive('\n') {
        if let Some(start) = line.find('#') {
            let end = line.trim_end().len();
            found.push((at + start..at + end, TextClass::Comment));
        }
        at += line.len();
    }
}

/// Returns the class of a part of the grammar. `None` if it only has parts.
fn class_of(token: Token) -> Option<TextClass> {
    Some(match token {
        Token::rules | Token::let_ | Token::home | Token::swap | Token::keep | Token::deny => {
            TextClass::Keyword
        }
        Token::warn | Token::off | Token::test | Token::when | Token::and | Token::not => TextClass::Keyword,
        Token::as_ | Token::because | Token::pull_secret | Token::allow | Token::written => {
            TextClass::Keyword
        }
        Token::namespace | Token::label | Token::annotation | Token::owner | Token::container => {
            TextClass::Subject
        }
        Token::place | Token::kind | Token::operation | Token::user | Token::hook | Token::unqualified => {
            TextClass::Subject
        }
        Token::word | Token::target | Token::image | Token::result | Token::prefix | Token::constant => {
            TextClass::Image
        }
        Token::name | Token::secret | Token::lint | Token::version => TextClass::Name,
        Token::value => TextClass::Value,
        Token::text => TextClass::Text,
        Token::arrow | Token::equals | Token::comma => TextClass::Sign,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns each part with its class.
    fn shown<'t>(text: &'t str, found: &[ClassifiedText]) -> Vec<(&'t str, &'static str)> {
        let part = |(range, class): &ClassifiedText| (&text[range.clone()], class.as_str());
        found.iter().map(part).collect()
    }

    #[test]
    fn words_of_a_statement_have_the_classes_of_the_grammar() {
        let text = "rules v1\n# one\nswap {hub}/* -> m.io/{1} # two\n  when namespace a, # three\n    b because \"x {y} \\{z\"\n";
        assert_eq!(
            shown(text, &of_rules(text, &(0..text.len()))),
            [
                ("rules", "keyword"),
                ("v1", "name"),
                ("# one", "comment"),
                ("swap", "keyword"),
                ("{hub}", "placeholder"),
                ("/*", "image"),
                ("->", "sign"),
                ("m.io/", "image"),
                ("{1}", "placeholder"),
                ("# two", "comment"),
                ("when", "keyword"),
                ("namespace", "subject"),
                ("a", "value"),
                (",", "sign"),
                ("# three", "comment"),
                ("b", "value"),
                ("because", "keyword"),
                ("\"x ", "text"),
                ("{y}", "placeholder"),
                (" \\{z\"", "text"),
            ]
        );
    }

    #[test]
    fn lines_of_a_map_have_keys_and_values() {
        let text = "# maps\ndefault::\nquay.io :: m.io/q # x\nnonsense\n";
        assert_eq!(
            shown(text, &of_map(text)),
            [
                ("# maps", "comment"),
                ("default", "subject"),
                ("::", "sign"),
                ("quay.io ", "subject"),
                ("::", "sign"),
                (" m.io/q", "image"),
                ("# x", "comment"),
            ]
        );
    }

    #[test]
    fn parts_outside_of_the_range_are_left_out() {
        let text = "rules v1\nkeep a.io/\n  when namespace b\nkeep c.io/\n";
        let start = text.find("  when").unwrap();
        let found = of_rules(text, &(start..start + "  when namespace b\n".len()));
        assert_eq!(
            shown(text, &found),
            [("when", "keyword"), ("namespace", "subject"), ("b", "value")]
        );
    }

    #[test]
    fn every_class_covers_whole_characters_in_order() {
        for text in [
            "",
            "\u{feff}rules v1\nkeep ä.io/ # ö",
            "keep a # {",
            "swap {",
            "rules v1\nkeep {}{/ ",
        ] {
            let mut end = 0;
            for (range, _) in of_rules(text, &(0..text.len()))
                .into_iter()
                .chain([(text.len()..text.len(), TextClass::Text)])
            {
                assert!(
                    range.start >= end && text.get(range.clone()).is_some(),
                    "{text}: {range:?}"
                );
                end = range.end;
            }
        }
    }
}

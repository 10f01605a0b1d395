//! The lines of an old map file.

use std::borrow::Cow;
use std::fmt;

use pest::Parser as _;
use pest::iterators::Pair;

use self::grammar::{MapParser, Rule};
use crate::diagnostic::{SourceId, Span};

mod grammar {
    #[derive(pest_derive::Parser)]
    #[grammar = "../../grammar/map.pest"]
    pub(super) struct MapParser;
}

const DEFAULT: &str = "default";
const NOSWAP_WILDCARDS: &str = "noswap_wildcards";
const EXACT: &str = "[EXACT]";
const REPLACE: &str = "[REPLACE]";

/// A line of a map file with a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'t> {
    /// Its place, without the white space and the comment around it.
    pub span: Span,
    /// Its statement.
    pub statement: Statement<'t>,
}

/// Statement of a line of a map file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement<'t> {
    /// A key and its value, without white space.
    Pair {
        /// Text before the separator.
        key: Cow<'t, str>,
        /// Text after the separator.
        value: Cow<'t, str>,
        /// Place of the separator.
        separator: Span,
        /// True if the separator is the older single colon.
        single_colon: bool,
    },
    /// Neither of the two forms.
    Other,
}

/// The key of a line of a map file: the images that the line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key<'t> {
    /// `[EXACT]IMAGE`: one image as the object has it.
    Exact(&'t str),
    /// `[REPLACE]GLOB`: the images that a glob matches as the object has them.
    Replace(&'t str),
    /// `noswap_wildcards`: the images that contain an entry of the value.
    NoswapWildcards,
    /// `default`: the images of registries without a line.
    Default,
    /// Any other key: a registry, or `docker.io/library`.
    Registry(&'t str),
}

impl<'t> Key<'t> {
    /// Parses the key of a [`Statement::Pair`].
    #[must_use]
    pub fn parse(key: &'t str) -> Self {
        if let Some(image) = key.strip_prefix(EXACT) {
            return Self::Exact(image);
        }
        if let Some(glob) = key.strip_prefix(REPLACE) {
            return Self::Replace(glob);
        }
        match key {
            NOSWAP_WILDCARDS => Self::NoswapWildcards,
            DEFAULT => Self::Default,
            registry => Self::Registry(registry),
        }
    }
}

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(image) => write!(f, "{EXACT}{image}"),
            Self::Replace(glob) => write!(f, "{REPLACE}{glob}"),
            Self::NoswapWildcards => f.write_str(NOSWAP_WILDCARDS),
            Self::Default => f.write_str(DEFAULT),
            Self::Registry(registry) => f.write_str(registry),
        }
    }
}

/// Returns the lines with a statement, in the order of the file. Lines end with `\n`, `\r\n` or `\r`; a byte order
/// mark is not part of the first one.
pub fn lines(source: SourceId, text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut start = 0usize;
    text.split_inclusive(['\n', '\r']).filter_map(move |whole| {
        let mut offset = start;
        start += whole.len();
        let mut text = whole.trim_end_matches(['\n', '\r']);
        if offset == 0 {
            let marked = text;
            text = text.trim_start_matches('\u{FEFF}');
            offset += marked.len() - text.len();
        }
        line(source, offset, text)
    })
}

fn line(source: SourceId, offset: usize, text: &str) -> Option<Line<'_>> {
    // The grammar accepts every line, so this cannot fail.
    let line = MapParser::parse(Rule::line, text).ok()?.next()?;
    let statement = line
        .into_inner()
        .find(|part| matches!(part.as_rule(), Rule::pair | Rule::single_colon | Rule::other))?;
    let span = |part: &Pair<'_, Rule>| {
        let span = part.as_span();
        let end = span.start() + span.as_str().trim_end().len();
        // The size of a map file is limited far below 4 GiB.
        let at = |byte: usize| u32::try_from(offset + byte).unwrap_or(u32::MAX);
        Span {
            source,
            start: at(span.start()),
            end: at(end),
        }
    };
    let place = span(&statement);
    let single_colon = statement.as_rule() == Rule::single_colon;
    let statement = match statement.as_rule() {
        Rule::other => Statement::Other,
        _ => {
            let mut parts = statement.into_inner();
            let (key, separator, value) = (parts.next()?, parts.next()?, parts.next()?);
            Statement::Pair {
                key: without_space(key.as_str()),
                separator: span(&separator),
                value: without_space(value.as_str()),
                single_colon,
            }
        }
    };
    Some(Line {
        span: place,
        statement,
    })
}

/// Returns the text without its white space; as a slice if that is only at its ends.
fn without_space(text: &str) -> Cow<'_, str> {
    let trimmed = text.trim();
    if trimmed.contains(char::is_whitespace) {
        Cow::Owned(trimmed.split_whitespace().collect())
    } else {
        Cow::Borrowed(trimmed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::SourceMap;

    /// Returns the statements of a text, as `KEY|VALUE`, `KEY|VALUE (single colon)` or `other: TEXT`.
    fn read(text: &str) -> Vec<String> {
        let mut sources = SourceMap::default();
        let source = sources.add("map", text);
        lines(source, text)
            .map(|line| match line.statement {
                Statement::Pair {
                    key,
                    value,
                    single_colon,
                    separator,
                } => {
                    let written = sources.slice(separator);
                    assert_eq!(
                        written.split_whitespace().collect::<String>().len(),
                        if single_colon { 1 } else { 2 }
                    );
                    format!(
                        "{key}|{value}{}",
                        if single_colon { " (single colon)" } else { "" }
                    )
                }
                Statement::Other => format!("other: {}", sources.slice(line.span)),
            })
            .collect()
    }

    #[test]
    fn line_splits_at_its_only_double_colon() {
        assert_eq!(read("docker.io::h.io:5000/hub"), ["docker.io|h.io:5000/hub"]);
        assert_eq!(read("quay.io::\n::x\n"), ["quay.io|", "|x"]);
        assert_eq!(read("a:::b"), ["a|:b"]);
    }

    #[test]
    fn line_without_double_colon_splits_at_its_only_colon() {
        assert_eq!(
            read("default:h.io\nquay.io:"),
            ["default|h.io (single colon)", "quay.io| (single colon)"]
        );
    }

    #[test]
    fn any_other_line_is_skipped() {
        assert_eq!(
            read("a::b::c\nquay.io:8443:h.io\nwords\na::::b"),
            [
                "other: a::b::c",
                "other: quay.io:8443:h.io",
                "other: words",
                "other: a::::b"
            ]
        );
    }

    #[test]
    fn white_space_is_ignored_everywhere() {
        assert_eq!(
            read("  doc ker.io : : h.io /hub \t# note"),
            ["docker.io|h.io/hub"]
        );
        // White space as copied from a web page.
        assert_eq!(read("\u{a0}quay.io :\u{2003}: h.io\u{a0}"), ["quay.io|h.io"]);
        assert_eq!(read(" \t \n\n   # only a comment\n"), Vec::<String>::new());
    }

    #[test]
    fn comment_begins_at_the_first_number_sign() {
        assert_eq!(read("#a::b\na::b # x # y::z\nc::d##e"), ["a|b", "c|d"]);
    }

    #[test]
    fn every_line_ending_and_a_byte_order_mark_are_accepted() {
        assert_eq!(read("\u{FEFF}a::b\r\nc::d\re::f"), ["a|b", "c|d", "e|f"]);
    }

    #[test]
    fn key_is_written_as_it_is_parsed() {
        for (text, key) in [
            ("[EXACT]nginx:1", Key::Exact("nginx:1")),
            ("[REPLACE]*redis*", Key::Replace("*redis*")),
            ("noswap_wildcards", Key::NoswapWildcards),
            ("default", Key::Default),
            ("Default", Key::Registry("Default")),
            ("docker.io/library", Key::Registry("docker.io/library")),
            ("", Key::Registry("")),
        ] {
            assert_eq!(Key::parse(text), key);
            assert_eq!(key.to_string(), text);
        }
    }

    #[test]
    fn span_counts_from_the_start_of_the_file() {
        let text = "\u{FEFF}a::b\r\n\r\n  no map line  # really\n";
        let mut sources = SourceMap::default();
        let source = sources.add("maps", text);
        let other = lines(source, text).nth(1).unwrap();
        assert_eq!(sources.place(other.span), "maps:3:3");
        assert_eq!(sources.slice(other.span), "no map line");
    }
}

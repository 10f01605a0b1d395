//! Shell globs over a whole string, as Python's `fnmatch` reads them: `*`, `?`, `[a-z]`, `[!a-z]`.
//!
//! A `*` matches `/` too. A `[` that is never closed is an ordinary character.

use std::cell::OnceCell;

use crate::automaton::{Builder, Bytes, Language};
use crate::positions::SearchedText;

/// Number of words for the positions in an image: enough for a registry of 253 bytes, the longest repository, the longest
/// tag and a digest.
pub(crate) const WORDS: usize = 16;

/// A compiled glob.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Glob {
    parts: Box<[GlobPart]>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum GlobPart {
    /// `*`: any characters, also none.
    Any,
    /// `?`: one character.
    One,
    Literal(char),
    Set {
        negated: bool,
        ranges: Box<[(char, char)]>,
    },
}

impl Glob {
    /// Reads a glob; every text is a glob.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = text.chars();
        while let Some(character) = rest.next() {
            let part = match character {
                '*' => GlobPart::Any,
                '?' => GlobPart::One,
                '[' => match set(rest.as_str()) {
                    Some((set, behind)) => {
                        rest = behind.chars();
                        set
                    }
                    None => GlobPart::Literal('['),
                },
                _ => GlobPart::Literal(character),
            };
            parts.push(part);
        }
        Self { parts: parts.into() }
    }

    /// Returns true if the glob matches all of the text. It allocates nothing unless the text repeats parts of the glob.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.matches_searched(SearchedText::new(text, &OnceCell::new()))
    }

    /// Returns true if the glob matches all of a text that other globs are compared with too.
    pub(crate) fn matches_searched(&self, text: SearchedText<'_, WORDS>) -> bool {
        self.walk(text, &mut |_| {})
    }

    /// Returns the number of `*` in the glob.
    pub(crate) fn stars(&self) -> usize {
        self.parts.iter().filter(|part| **part == GlobPart::Any).count()
    }

    /// Returns the runs of literal characters.
    pub(crate) fn literals(&self) -> Vec<String> {
        let of_run = |part: &GlobPart| match part {
            GlobPart::Literal(literal) => Some(*literal),
            _ => None,
        };
        let runs = self.parts.split(|part| of_run(part).is_none());
        runs.map(|run| run.iter().filter_map(of_run).collect()).collect()
    }

    /// Returns the text that each `*` of a match captures: as little as possible, from the left.
    pub(crate) fn captures<'t>(&self, text: SearchedText<'t, WORDS>, taken: &mut Vec<&'t str>) {
        self.walk(text, &mut |text| taken.push(text));
    }

    /// Returns a text that it matches, with this text for each `*`.
    pub(crate) fn filled(&self, any: &str) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                GlobPart::Any => text.push_str(any),
                GlobPart::One => text.push('a'),
                GlobPart::Literal(literal) => text.push(*literal),
                GlobPart::Set { .. } => {
                    // A letter, if the set contains one.
                    let mut members = ('a'..='z').chain('0'..='9').chain('!'..='~');
                    text.extend(members.find(|member| part.takes(*member)));
                }
            }
        }
        text
    }

    /// Returns the images that it matches, which are ASCII.
    pub(crate) fn language(&self) -> Language {
        let mut builder = Builder::new();
        for part in &self.parts {
            match part {
                GlobPart::Any => _ = builder.any(Bytes::all()),
                GlobPart::One => _ = builder.one(Bytes::range(0, 0x7f)),
                GlobPart::Literal(literal) => _ = builder.literal(literal.encode_utf8(&mut [0; 4])),
                GlobPart::Set { .. } => {
                    let taken: Vec<u8> = (0..0x80).filter(|byte| part.takes(char::from(*byte))).collect();
                    builder.one(Bytes::from_slice(&taken));
                }
            }
        }
        builder.finish()
    }

    /// Matches a text and reports the capture of each `*`. The reports count only if it matches.
    fn walk<'t>(&self, searched: SearchedText<'t, WORDS>, tell: &mut dyn FnMut(&'t str)) -> bool {
        let text = searched.text();
        let mut parts = self.parts.as_ref();
        let mut rest = text.chars();
        // Number of characters that failed attempts may compare, before the rest is searched at all positions at once.
        let mut attempts = if searched.is_searched() {
            0
        } else {
            2 * text.len() + 16
        };
        // The position to continue from if the text after the last `*` does not match. An earlier `*` never has to
        // capture more, because the text after it was found as early as possible.
        let mut last_any: Option<Any<'_, 't>> = None;
        loop {
            match parts.split_first() {
                Some((GlobPart::Any, behind)) => {
                    if let Some(any) = last_any {
                        tell(any.taken());
                    }
                    parts = behind;
                    last_any = Some(Any {
                        behind,
                        start: rest.as_str(),
                        from: rest.clone(),
                    });
                    continue;
                }
                Some((part, behind)) => {
                    let mut ahead = rest.clone();
                    if ahead.next().is_some_and(|character| part.takes(character)) {
                        (parts, rest) = (behind, ahead);
                        continue;
                    }
                }
                None if rest.as_str().is_empty() => {
                    if let Some(any) = last_any {
                        tell(any.taken());
                    }
                    return true;
                }
                None => {}
            }
            let Some(Any { behind, from, .. }) = &mut last_any else {
                return false;
            };
            let compared = from.as_str().len() - rest.as_str().len();
            if from.next().is_none() {
                return false;
            }
            match attempts.checked_sub(compared) {
                Some(left) if left > 0 => attempts = left,
                _ => {
                    attempts = 0;
                    let Some(found) = next_match(behind, from.as_str(), searched) else {
                        return false;
                    };
                    *from = found.chars();
                }
            }
            (parts, rest) = (behind, from.clone());
        }
    }
}

/// Returns the rest of a text from the first position on at which the parts up to the next `*` match. For a text with
/// other characters than ASCII, or a very long one, it only returns that they may match at the first position.
fn next_match<'t>(parts: &[GlobPart], rest: &'t str, searched: SearchedText<'t, WORDS>) -> Option<&'t str> {
    let Some(positions) = searched.positions() else {
        return Some(rest);
    };
    let text = searched.text();
    let start = text.len() - rest.len();
    let mut pieces = parts.split(|part| *part == GlobPart::Any);
    let piece = pieces.next().unwrap_or_default();
    let found = if pieces.next().is_none() {
        // The last parts match at the end of the text, or nowhere.
        text.len().checked_sub(piece.len())?
    } else {
        let mut ends = positions.from(start);
        for part in piece {
            match part {
                GlobPart::Any => {}
                GlobPart::One => ends.pass_any(),
                GlobPart::Literal(literal) if literal.is_ascii() => ends.pass(u8::try_from(*literal).ok()?),
                GlobPart::Literal(_) => return None,
                GlobPart::Set { .. } => ends.pass_one_of(|byte| part.takes(byte.into())),
            }
        }
        ends.first()? - piece.len()
    };
    text.get(found..).filter(|_| found >= start)
}

/// A `*`, during the search for the text after it.
struct Any<'g, 't> {
    behind: &'g [GlobPart],
    /// Start of its capture.
    start: &'t str,
    /// Position of the next attempt.
    from: std::str::Chars<'t>,
}

impl<'t> Any<'_, 't> {
    fn taken(&self) -> &'t str {
        let length = self.start.len() - self.from.as_str().len();
        self.start.get(..length).unwrap_or_default()
    }
}

impl GlobPart {
    fn takes(&self, character: char) -> bool {
        match self {
            Self::Any | Self::One => true,
            Self::Literal(literal) => *literal == character,
            Self::Set { negated, ranges } => {
                ranges
                    .iter()
                    .any(|(first, last)| (*first..=*last).contains(&character))
                    != *negated
            }
        }
    }
}

/// Reads a set after its `[`, up to its `]`, and returns the text after it.
fn set(text: &str) -> Option<(GlobPart, &str)> {
    let (negated, members) = match text.strip_prefix('!') {
        Some(members) => (true, members),
        None => (false, text),
    };
    // A `]` as the first character is a member.
    let first = members.chars().next()?;
    let close = first.len_utf8() + members.get(first.len_utf8()..)?.find(']')?;
    let (members, behind) = (members.get(..close)?, members.get(close + 1..)?);
    let mut ranges = Vec::new();
    let mut rest = members.chars();
    while let Some(first) = rest.next() {
        let mut ahead = rest.clone();
        // A `-` as the first or last character is a member.
        match (ahead.next(), ahead.next()) {
            (Some('-'), Some(last)) => {
                rest = ahead;
                ranges.push((first, last));
            }
            _ => ranges.push((first, first)),
        }
    }
    let set = GlobPart::Set {
        negated,
        ranges: ranges.into(),
    };
    Some((set, behind))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Answers of `fnmatch.fnmatchcase` of Python 3.11.
    #[test]
    fn glob_matches_as_fnmatch_does() {
        let cases = [
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("a*b", "ab", true),
            ("a*b", "a/x/b", true),
            ("a*b", "abc", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("nginx:1.?", "nginx:1.9", true),
            ("nginx:1.?", "nginx:1.25", false),
            ("docker.io/[a-m]*", "docker.io/bitnami/redis", true),
            ("docker.io/[a-m]*", "docker.io/nginx", false),
            ("registry.k8s.io/[!p]*", "registry.k8s.io/pause", false),
            ("registry.k8s.io/[!p]*", "registry.k8s.io/etcd", true),
            ("[]a]", "]", true),
            ("[!]a]", "]", false),
            ("[!]a]", "b", true),
            ("[a", "[a", true),
            ("[a-]", "-", true),
            ("[-a]", "-", true),
            ("[z-a]", "b", false),
            ("[!z-a]", "b", true),
            ("[^a]", "^", true),
            ("[^a]", "b", false),
            ("[[]", "[", true),
            ("*.?*", "a.b", true),
            ("*redis*:*", "x/redis-cluster:7", true),
            ("é?", "éü", true),
            ("A", "a", false),
        ];
        for (glob, text, expected) in cases {
            assert_eq!(Glob::parse(glob).matches(text), expected, "{glob} {text}");
        }
    }

    #[test]
    fn each_star_captures_as_little_as_possible() {
        for (glob, text, expected) in [
            ("*a*", "bab", vec!["b", "b"]),
            ("*/*:*", "a/b/c:d:e", vec!["a", "b/c", "d:e"]),
            ("**", "ab", vec!["", "ab"]),
            ("x", "x", vec![]),
            ("*[a-c]?*", "zzaby", vec!["zz", "y"]),
            ("*", "", vec![""]),
        ] {
            let (glob, positions, mut taken) = (Glob::parse(glob), OnceCell::new(), Vec::new());
            glob.captures(SearchedText::new(text, &positions), &mut taken);
            assert_eq!(taken, expected);
            assert_eq!(glob.stars(), expected.len());
        }
    }

    /// Matches a glob that is a list of characters, by trying everything.
    fn naive(glob: &[GlobPart], text: &[u8]) -> bool {
        match (glob, text) {
            ([], text) => text.is_empty(),
            ([GlobPart::Any, behind @ ..], text) => {
                (0..=text.len()).any(|taken| naive(behind, &text[taken..]))
            }
            ([part, behind @ ..], [byte, rest @ ..]) => part.takes((*byte).into()) && naive(behind, rest),
            ([_, ..], []) => false,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn search_at_all_positions_matches_the_same_texts(
            parts in prop::collection::vec(prop::sample::select(vec!["*", "a", "b", "/", "?", "[ab]", "[!a]", "aa"]), 1..14),
            text in "[ab/]{0,20}",
            length in 0usize..70,
        ) {
            let glob = Glob::parse(&parts.concat());
            // The text is also moved across the border of two words.
            for (glob, text) in [
                (glob.clone(), text.clone()),
                (Glob::parse(&format!("{}{}", "x".repeat(length), parts.concat())), format!("{}{text}", "x".repeat(length))),
            ] {
                let (none, some) = (OnceCell::new(), OnceCell::new());
                let searched = SearchedText::new(&text, &some);
                searched.positions();
                prop_assert_eq!(glob.matches_searched(searched), naive(&glob.parts, text.as_bytes()));
                let (mut one, mut other) = (Vec::new(), Vec::new());
                if glob.walk(SearchedText::new(&text, &none), &mut |text| one.push(text)) {
                    glob.captures(searched, &mut other);
                    prop_assert_eq!(one, other);
                }
            }
        }
    }

    #[test]
    fn wildcards_take_at_most_the_product_of_the_lengths() {
        let glob = Glob::parse(&"*a".repeat(2_000));
        assert!(!glob.matches(&"a".repeat(1_999)));
        assert!(glob.matches(&"a".repeat(2_000)));
    }
}

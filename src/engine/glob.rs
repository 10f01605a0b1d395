//! Shell globs over a whole string, as Python's `fnmatch` reads them: `*`, `?`, `[a-z]`, `[!a-z]`.
//!
//! A `*` matches `/` too. A `[` that is never closed is an ordinary character.

use crate::automaton::{Builder, Bytes, Language};

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

    /// Returns true if the glob matches all of the text. It takes at most the product of both lengths in time, and
    /// allocates nothing.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
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
    pub(crate) fn captures<'t>(&self, text: &'t str, taken: &mut Vec<&'t str>) {
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
    fn walk<'t>(&self, text: &'t str, tell: &mut dyn FnMut(&'t str)) -> bool {
        let mut parts = self.parts.as_ref();
        let mut rest = text.chars();
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
            if from.next().is_none() {
                return false;
            }
            (parts, rest) = (behind, from.clone());
        }
    }
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
            let (glob, mut taken) = (Glob::parse(glob), Vec::new());
            glob.captures(text, &mut taken);
            assert_eq!(taken, expected);
            assert_eq!(glob.stars(), expected.len());
        }
    }

    #[test]
    fn wildcards_take_at_most_the_product_of_the_lengths() {
        let glob = Glob::parse(&"*a".repeat(2_000));
        assert!(!glob.matches(&"a".repeat(1_999)));
        assert!(glob.matches(&"a".repeat(2_000)));
    }
}

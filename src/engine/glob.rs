//! Shell globs over a whole string, as Python's `fnmatch` reads them: `*`, `?`, `[a-z]`, `[!a-z]`.
//!
//! A `*` takes `/` too. What looks like the beginning of a set and is never closed is text.

/// A compiled glob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    parts: Box<[Part]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// `*`: any characters, none too.
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
    /// Reads a glob; every text is one.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = text.chars();
        while let Some(character) = rest.next() {
            let part = match character {
                '*' if parts.last() == Some(&Part::Any) => continue,
                '*' => Part::Any,
                '?' => Part::One,
                '[' => match set(rest.as_str()) {
                    Some((set, behind)) => {
                        rest = behind.chars();
                        set
                    }
                    None => Part::Literal('['),
                },
                _ => Part::Literal(character),
            };
            parts.push(part);
        }
        Self { parts: parts.into() }
    }

    /// Whether the glob matches all of the text: in time of the product of both lengths at most, without
    /// allocating.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let mut parts = self.parts.as_ref();
        let mut rest = text.chars();
        // Where to go on if what follows the last `*` fails: an earlier `*` never has to take more, since
        // what follows it was found as early as possible.
        let mut last_any = None;
        loop {
            match parts.split_first() {
                Some((Part::Any, behind)) => {
                    parts = behind;
                    last_any = Some((behind, rest.clone()));
                    continue;
                }
                Some((part, behind)) => {
                    let mut ahead = rest.clone();
                    if ahead.next().is_some_and(|character| part.takes(character)) {
                        (parts, rest) = (behind, ahead);
                        continue;
                    }
                }
                None if rest.as_str().is_empty() => return true,
                None => {}
            }
            let Some((behind, from)) = &mut last_any else {
                return false;
            };
            if from.next().is_none() {
                return false;
            }
            (parts, rest) = (behind, from.clone());
        }
    }
}

impl Part {
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

/// Reads a set from behind its `[`, up to and with its `]`, and gives what follows it.
fn set(text: &str) -> Option<(Part, &str)> {
    let (negated, members) = match text.strip_prefix('!') {
        Some(members) => (true, members),
        None => (false, text),
    };
    // A `]` in first place is a member.
    let first = members.chars().next()?;
    let close = first.len_utf8() + members.get(first.len_utf8()..)?.find(']')?;
    let (members, behind) = (members.get(..close)?, members.get(close + 1..)?);
    let mut ranges = Vec::new();
    let mut rest = members.chars();
    while let Some(first) = rest.next() {
        let mut ahead = rest.clone();
        // A `-` at an end of the set is a member.
        match (ahead.next(), ahead.next()) {
            (Some('-'), Some(last)) => {
                rest = ahead;
                ranges.push((first, last));
            }
            _ => ranges.push((first, first)),
        }
    }
    let set = Part::Set {
        negated,
        ranges: ranges.into(),
    };
    Some((set, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Python 3.11's `fnmatch.fnmatchcase` answers.
    #[test]
    fn a_glob_matches_as_fnmatch_does() {
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
    fn repeated_wildcards_take_no_longer_than_the_product_of_the_lengths() {
        let glob = Glob::parse(&"*a".repeat(2_000));
        assert!(!glob.matches(&"a".repeat(1_999)));
        assert!(glob.matches(&"a".repeat(2_000)));
    }
}

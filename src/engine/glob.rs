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
    parts: Box<[PackedPart]>,
    /// `None` for most globs, of which a map may have hundreds of thousands.
    sets: Option<Box<Sets>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum GlobPart {
    /// `*`: any characters, also none.
    Any,
    /// `?`: one character.
    One,
    Literal(char),
    /// One character of the set at this index.
    Set(u32),
}

/// A [`GlobPart`] in four bytes: a map of the longest kind may be a single glob.
///
/// It is a character, or a number above all characters: that of `*`, of `?`, or of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct PackedPart(u32);

/// The sets of a glob: those between `[` and `]`. Their ranges are in one list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Sets {
    sets: Vec<Set>,
    ranges: Vec<(char, char)>,
}

/// A set of characters, by its ranges, which are in order and apart from each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Set {
    /// Index behind its last range. The first one is behind those of the set before.
    end: u32,
    is_negated: bool,
}

impl Glob {
    /// Reads a glob; every text is a glob.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut sets = Sets::default();
        let mut rest = text.chars();
        // If one `[` is never closed, neither are those after it. To search for each would take quadratic time.
        let mut are_closed = true;
        while let Some(character) = rest.next() {
            let part = match character {
                '*' => GlobPart::Any,
                '?' => GlobPart::One,
                '[' if are_closed => match sets.read(rest.as_str()) {
                    Some((set, behind)) => {
                        rest = behind.chars();
                        set
                    }
                    None => {
                        are_closed = false;
                        GlobPart::Literal('[')
                    }
                },
                _ => GlobPart::Literal(character),
            };
            parts.push(PackedPart::new(part));
        }
        sets.sets.shrink_to_fit();
        sets.ranges.shrink_to_fit();
        Self {
            parts: parts.into(),
            sets: (!sets.sets.is_empty()).then(|| Box::new(sets)),
        }
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
        self.parts.iter().filter(|part| **part == PackedPart::ANY).count()
    }

    /// Returns the runs of literal characters.
    pub(crate) fn literals(&self) -> Vec<String> {
        let of_run = |part: &PackedPart| char::from_u32(part.0);
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
        for part in self.parts.iter().map(|part| part.get()) {
            match part {
                GlobPart::Any => text.push_str(any),
                GlobPart::One => text.push('a'),
                GlobPart::Literal(literal) => text.push(literal),
                GlobPart::Set(_) => {
                    // A letter, if the set contains one.
                    let mut members = ('a'..='z').chain('0'..='9').chain('!'..='~');
                    text.extend(members.find(|member| self.takes(part, *member)));
                }
            }
        }
        text
    }

    /// Returns the images that it matches, which are ASCII.
    pub(crate) fn language(&self) -> Language {
        let mut builder = Builder::new();
        for part in self.parts.iter().map(|part| part.get()) {
            match part {
                GlobPart::Any => _ = builder.any(Bytes::all()),
                GlobPart::One => _ = builder.one(Bytes::range(0, 0x7f)),
                GlobPart::Literal(literal) => _ = builder.literal(literal.encode_utf8(&mut [0; 4])),
                GlobPart::Set(_) => {
                    let taken: Vec<u8> = (0..0x80)
                        .filter(|byte| self.takes(part, char::from(*byte)))
                        .collect();
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
                Some((&PackedPart::ANY, behind)) => {
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
                    if ahead
                        .next()
                        .is_some_and(|character| self.takes(part.get(), character))
                    {
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
                    let Some(found) = self.next_match(behind, from.as_str(), searched) else {
                        return false;
                    };
                    *from = found.chars();
                }
            }
            (parts, rest) = (behind, from.clone());
        }
    }

    /// Returns the rest of a text from the first position on at which the parts up to the next `*` match. For a text with
    /// other characters than ASCII, or a very long one, it only returns that they may match at the first position.
    fn next_match<'t>(
        &self,
        parts: &[PackedPart],
        rest: &'t str,
        searched: SearchedText<'t, WORDS>,
    ) -> Option<&'t str> {
        let Some(positions) = searched.positions() else {
            return Some(rest);
        };
        let text = searched.text();
        let start = text.len() - rest.len();
        let mut pieces = parts.split(|part| *part == PackedPart::ANY);
        let piece = pieces.next().unwrap_or_default();
        let found = if pieces.next().is_none() {
            // The last parts match at the end of the text, or nowhere.
            text.len().checked_sub(piece.len())?
        } else {
            let mut ends = positions.from(start);
            for part in piece.iter().map(|part| part.get()) {
                match part {
                    GlobPart::Any => {}
                    GlobPart::One => ends.pass_any(),
                    GlobPart::Literal(literal) if literal.is_ascii() => {
                        ends.pass(u8::try_from(literal).ok()?)
                    }
                    GlobPart::Literal(_) => return None,
                    GlobPart::Set(_) => ends.pass_one_of(|byte| self.takes(part, byte.into())),
                }
            }
            ends.first()? - piece.len()
        };
        text.get(found..).filter(|_| found >= start)
    }

    /// Returns true if a part, other than `*`, takes a character.
    fn takes(&self, part: GlobPart, character: char) -> bool {
        match part {
            GlobPart::Any | GlobPart::One => true,
            GlobPart::Literal(literal) => literal == character,
            GlobPart::Set(set) => self.sets.as_ref().is_some_and(|sets| sets.takes(set, character)),
        }
    }
}

/// A `*`, during the search for the text after it.
struct Any<'g, 't> {
    behind: &'g [PackedPart],
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

impl PackedPart {
    const ANY: Self = Self(char::MAX as u32 + 1);
    const ONE: Self = Self(Self::ANY.0 + 1);
    const FIRST_SET: u32 = Self::ONE.0 + 1;

    fn new(part: GlobPart) -> Self {
        match part {
            GlobPart::Any => Self::ANY,
            GlobPart::One => Self::ONE,
            GlobPart::Literal(literal) => Self(literal.into()),
            GlobPart::Set(set) => Self(Self::FIRST_SET.saturating_add(set)),
        }
    }

    fn get(self) -> GlobPart {
        match char::from_u32(self.0) {
            Some(literal) => GlobPart::Literal(literal),
            None if self == Self::ANY => GlobPart::Any,
            None if self == Self::ONE => GlobPart::One,
            None => GlobPart::Set(self.0.saturating_sub(Self::FIRST_SET)),
        }
    }
}

impl Sets {
    /// Reads a set after its `[`, up to its `]`, and returns it with the text after it. `None` if it is not closed.
    fn read<'t>(&mut self, text: &'t str) -> Option<(GlobPart, &'t str)> {
        let (is_negated, members) = match text.strip_prefix('!') {
            Some(members) => (true, members),
            None => (false, text),
        };
        // A `]` as the first character is a member.
        let first = members.chars().next()?;
        let close = first.len_utf8() + members.get(first.len_utf8()..)?.find(']')?;
        let (members, behind) = (members.get(..close)?, members.get(close + 1..)?);
        let mut ranges = Vec::with_capacity(members.len());
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
        Some((self.add(is_negated, ranges), behind))
    }

    /// Adds a set; the ranges may be in any order.
    fn add(&mut self, is_negated: bool, mut ranges: Vec<(char, char)>) -> GlobPart {
        ranges.retain(|(first, last)| first <= last);
        ranges.sort_unstable();
        ranges.dedup_by(|next, known| {
            let is_joined = next.0 <= known.1;
            if is_joined {
                known.1 = known.1.max(next.1);
            }
            is_joined
        });
        self.ranges.append(&mut ranges);
        let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let number = count(self.sets.len());
        self.sets.push(Set {
            end: count(self.ranges.len()),
            is_negated,
        });
        GlobPart::Set(number)
    }

    /// Returns true if the set with this number takes a character.
    fn takes(&self, number: u32, character: char) -> bool {
        let number = number as usize;
        let Some(set) = self.sets.get(number) else {
            return false;
        };
        let before = number.checked_sub(1).and_then(|before| self.sets.get(before));
        let start = before.map_or(0, |before| before.end as usize);
        let ranges = self.ranges.get(start..set.end as usize).unwrap_or_default();
        let behind = ranges.partition_point(|(first, _)| *first <= character);
        let range = behind.checked_sub(1).and_then(|at| ranges.get(at));
        range.is_some_and(|(_, last)| character <= *last) != set.is_negated
    }
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

    /// Matches parts of a glob, by trying everything.
    fn naive(glob: &Glob, parts: &[PackedPart], text: &[u8]) -> bool {
        match (parts, text) {
            ([], text) => text.is_empty(),
            ([PackedPart::ANY, behind @ ..], text) => {
                (0..=text.len()).any(|taken| naive(glob, behind, &text[taken..]))
            }
            ([part, behind @ ..], [byte, rest @ ..]) => {
                glob.takes(part.get(), (*byte).into()) && naive(glob, behind, rest)
            }
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
                prop_assert_eq!(glob.matches_searched(searched), naive(&glob, &glob.parts, text.as_bytes()));
                let (mut one, mut other) = (Vec::new(), Vec::new());
                if glob.walk(SearchedText::new(&text, &none), &mut |text| one.push(text)) {
                    glob.captures(searched, &mut other);
                    prop_assert_eq!(one, other);
                }
            }
        }
    }

    #[test]
    fn sets_that_are_never_closed_are_read_once() {
        // With a search for the end of each, this would take minutes.
        let glob = Glob::parse(&format!("[a]{}[!", "[".repeat(1 << 21)));
        assert!(glob.matches(&format!("a{}[!", "[".repeat(1 << 21))));
    }

    #[test]
    fn ranges_of_a_set_may_overlap_and_be_in_any_order() {
        let glob = Glob::parse("[x-ze-ga-bf-hc-cz-aé]");
        let matched: String = ('a'..='z')
            .chain(['é'])
            .filter(|member| glob.matches(&member.to_string()))
            .collect();
        assert_eq!(matched, "abcefghxyzé");
        assert!(!Glob::parse("[z-a]").matches("m") && Glob::parse("[!z-a]").matches("m"));
    }

    #[test]
    fn wildcards_take_at_most_the_product_of_the_lengths() {
        let glob = Glob::parse(&"*a".repeat(2_000));
        assert!(!glob.matches(&"a".repeat(1_999)));
        assert!(glob.matches(&"a".repeat(2_000)));
    }
}

//! Matching with wildcards, within a segment and segment by segment.

use crate::positions::SearchedText;
use crate::rules::image::PATH_WORDS;

/// Wildcard for any number of segments.
pub(super) const ANY_SEGMENTS: &str = "**";

/// Matches a glob whose only wildcard is `*`, each of which captures as little as possible.
pub(crate) fn match_glob(glob: &str, text: &str) -> bool {
    capture_glob(glob, text, &mut |_| {})
}

/// Matches a glob and reports the capture of each `*`. The reports count only if it matches.
///
/// It takes linear time: the text between two `*` is searched from the left, and an earlier match is never worse.
pub(super) fn capture_glob<'t>(glob: &str, text: &'t str, tell: &mut dyn FnMut(&'t str)) -> bool {
    // The text before the first `*` and after the last one are at the ends; only the pieces between are searched.
    let mut pieces = glob.split('*');
    let Some(mut rest) = text.strip_prefix(pieces.next().unwrap_or_default()) else {
        return false;
    };
    let Some(last) = pieces.next_back() else {
        return rest.is_empty();
    };
    let mut pieces = pieces.peekable();
    // The end rejects most texts without a search.
    if pieces.peek().is_some() && !rest.ends_with(last) {
        return false;
    }
    for piece in pieces {
        let split = match piece.as_bytes() {
            // A search for a character needs no preparation.
            [only] => rest.split_once(char::from(*only)),
            _ => rest.split_once(piece),
        };
        let Some((taken, behind)) = split else {
            return false;
        };
        tell(taken);
        rest = behind;
    }
    match rest.strip_suffix(last) {
        Some(taken) => {
            tell(taken);
            true
        }
        None => false,
    }
}

/// Matches a name segment by segment, reports the capture of each wildcard, and returns the path below. The reports
/// count only if it matches. `path` is the repository of the name. Without `tell`, it only matches, which is faster.
///
/// The segments between two `**` are searched from the left: an earlier match is never worse, and lets each wildcard
/// capture as little as possible. The segments after the last `**` are matched at the end.
pub(super) fn match_segments<'t>(
    pattern: &str,
    below: bool,
    name: &'t str,
    path: SearchedText<'t, PATH_WORDS>,
    mut tell: Option<&mut dyn FnMut(&'t str)>,
) -> Option<&'t str> {
    let mut blocks = Blocks { rest: Some(pattern) };
    // The remaining name; `None` after its last segment.
    let mut rest = Some(name);
    let mut block = blocks.next()?;
    let mut is_first = true;
    let mut is_searched = false;
    if !block.is_empty() {
        rest = match &mut tell {
            Some(tell) => capture_block(block, rest, tell)?,
            None => match_block(block, rest)?,
        };
        is_first = false;
    }
    loop {
        let Some(next) = blocks.next() else {
            return match (below, rest) {
                (true, Some(rest)) => Some(rest),
                (false, None) => Some(""),
                _ => None,
            };
        };
        block = next;
        // Start of the `**` before the block, and the least that it captures: in first place it captures the
        // registry.
        let start = rest;
        if is_first {
            rest = after_segment(rest?);
        }
        is_first = false;
        let is_last = blocks.rest.is_none();
        // The last block ends at the end of the name, so there is only one position to try.
        if is_last && !below {
            let at = last_segments(rest, count_segments(block))?;
            rest = match &mut tell {
                Some(tell) => {
                    tell(between(start, at));
                    capture_block(block, at, tell)?
                }
                None => match_block(block, at)?,
            };
            continue;
        }
        if !is_searched {
            // The end rejects most images without a search.
            let end = pattern.rsplit('*').next().unwrap_or_default();
            if !below && !name.ends_with(end) {
                return None;
            }
            is_searched = true;
        }
        let found = find_block(block, rest, path)?;
        rest = found.behind;
        if let Some(tell) = &mut tell {
            tell(between(start, found.start));
            capture_block(block, found.start, tell)?;
        }
    }
}

/// The first match of a block, as the remaining names at its start and behind it.
struct FoundBlock<'t> {
    start: Option<&'t str>,
    behind: Option<&'t str>,
}

/// Returns the first match of a block in the remaining name.
fn find_block<'t>(
    block: &str,
    rest: Option<&'t str>,
    path: SearchedText<'t, PATH_WORDS>,
) -> Option<FoundBlock<'t>> {
    /// Number of segments that are tried one after the other, which is faster for the few that most images have.
    const TRIED: usize = 4;
    let mut rest = rest;
    if block.is_empty() {
        return Some(FoundBlock {
            start: rest,
            behind: rest,
        });
    }
    let mut attempts = if path.is_searched() { 0 } else { TRIED };
    let positions = loop {
        if attempts == 0
            && let Some(positions) = path.positions()
        {
            break positions;
        }
        if let Some(behind) = match_block(block, rest) {
            return Some(FoundBlock { start: rest, behind });
        }
        rest = after_segment(rest?);
        attempts = attempts.saturating_sub(1);
    };
    let text = path.text();
    let mut ends = positions.segments_from(text.len() - rest?.len());
    for byte in block.bytes() {
        match byte {
            b'*' => ends.pass_within_segment(),
            _ => ends.pass(byte),
        }
    }
    ends.pass(b'/');
    // Without the `/` after the last segment. A block has a fixed number of segments, so the first end is the end of the
    // first match.
    let end = ends.first()?.checked_sub(1)?;
    let segments = last_segments(text.get(..end), count_segments(block))??;
    Some(FoundBlock {
        start: text.get(end - segments.len()..),
        behind: text.get(end + 1..),
    })
}

/// The runs of segments between the `**` of a pattern. The first and the last may be empty.
struct Blocks<'p> {
    rest: Option<&'p str>,
}

impl<'p> Iterator for Blocks<'p> {
    type Item = &'p str;

    fn next(&mut self) -> Option<&'p str> {
        let rest = self.rest?;
        let mut start = 0;
        for segment in rest.split('/') {
            let end = start + segment.len();
            if segment == ANY_SEGMENTS {
                // The `/` next to `**` belongs to neither block.
                self.rest = Some(rest.get(end..)?.trim_start_matches('/'));
                return Some(rest.get(..start)?.trim_end_matches('/'));
            }
            start = end + 1;
        }
        self.rest = None;
        Some(rest)
    }
}

/// Matches a block at the start of the remaining name, and returns the name after it.
#[allow(
    clippy::option_option,
    reason = "no match, and a match up to the end, are two things"
)]
fn capture_block<'t>(
    block: &str,
    rest: Option<&'t str>,
    tell: &mut dyn FnMut(&'t str),
) -> Option<Option<&'t str>> {
    let mut rest = rest;
    if block.is_empty() {
        return Some(rest);
    }
    for glob in block.split('/') {
        let (segment, behind) = split_segment(rest?);
        if !capture_glob(glob, segment, tell) {
            return None;
        }
        rest = behind;
    }
    Some(rest)
}

/// Does the same without reports.
#[allow(
    clippy::option_option,
    reason = "no match, and a match up to the end, are two things"
)]
fn match_block<'t>(block: &str, rest: Option<&'t str>) -> Option<Option<&'t str>> {
    capture_block(block, rest, &mut |_| {})
}

fn split_segment(text: &str) -> (&str, Option<&str>) {
    match text.split_once('/') {
        Some((segment, behind)) => (segment, Some(behind)),
        None => (text, None),
    }
}

fn after_segment(text: &str) -> Option<&str> {
    split_segment(text).1
}

fn count_segments(block: &str) -> usize {
    if block.is_empty() {
        0
    } else {
        block.split('/').count()
    }
}

/// Returns the last segments of the remaining name, if there are as many.
#[allow(
    clippy::option_option,
    reason = "too few segments, and none at the end, are two things"
)]
fn last_segments(rest: Option<&str>, count: usize) -> Option<Option<&str>> {
    if count == 0 {
        return Some(None);
    }
    let rest = rest?;
    match rest.rmatch_indices('/').nth(count - 1) {
        Some((slash, _)) => Some(rest.get(slash + 1..)),
        None => (count_segments(rest) == count).then_some(Some(rest)),
    }
}

/// Returns the segments from one remaining name to a later one, without the `/` at their end.
fn between<'t>(start: Option<&'t str>, end: Option<&'t str>) -> &'t str {
    let start = start.unwrap_or_default();
    match end {
        Some(end) => start
            // Without the `/` between the two; if nothing is between, the capture is empty.
            .get(..start.len() - end.len())
            .unwrap_or_default()
            .trim_end_matches('/'),
        None => start,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::OnceCell;

    use proptest::prelude::*;

    use super::*;

    /// Returns the captures of the first match, by trying every number of segments for each `**`, the fewest first.
    fn naive(pattern: &[&str], name: &[&str], is_first: bool) -> Option<Vec<String>> {
        match (pattern, name) {
            ([], []) => Some(Vec::new()),
            ([ANY_SEGMENTS, behind @ ..], name) => (usize::from(is_first)..=name.len()).find_map(|taken| {
                let rest = naive(behind, &name[taken..], false)?;
                Some([vec![name[..taken].join("/")], rest].concat())
            }),
            ([glob, behind @ ..], [segment, rest @ ..]) => {
                let mut taken = Vec::new();
                if !capture_glob(glob, segment, &mut |text| taken.push(text.to_owned())) {
                    return None;
                }
                Some([taken, naive(behind, rest, false)?].concat())
            }
            _ => None,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn search_at_all_positions_finds_the_same_captures(
            pattern in prop::collection::vec(prop::sample::select(vec!["**", "*", "a", "b", "a*", "*b", "a*b", "*a*"]), 1..7),
            name in prop::collection::vec("[ab]{1,3}", 1..24),
            length in 1usize..70,
        ) {
            // The name is also moved across the border of two words.
            let long = "x".repeat(length);
            let shifted = (
                [&["r", long.as_str()], &*pattern].concat(),
                [vec!["r".to_owned(), long.clone()], name.clone()].concat(),
            );
            for (pattern, name) in [(pattern, name), shifted] {
                let name: Vec<&str> = name.iter().map(String::as_str).collect();
                let expected = naive(&pattern, &name, true);
                let text = name.join("/");
                for is_searched in [false, true] {
                    let (positions, mut taken) = (OnceCell::new(), Vec::new());
                    let path = text.split_once('/').map_or("", |(_, path)| path);
                    let searched = SearchedText::new(path, &positions);
                    if is_searched {
                        searched.positions();
                    }
                    let matched = match_segments(&pattern.join("/"), false, &text, searched, Some(&mut |text: &str| {
                        taken.push(text.to_owned());
                    }));
                    let alone = match_segments(&pattern.join("/"), false, &text, searched, None);
                    prop_assert_eq!(alone, matched);
                    prop_assert_eq!(matched, expected.as_ref().map(|_| ""), "{:?} {}", pattern, text);
                    if let Some(expected) = &expected {
                        prop_assert_eq!(&taken, expected, "{:?} {}", pattern, text);
                    }
                }
            }
        }
    }
}

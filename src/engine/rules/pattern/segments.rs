//! Matching with wildcards, within a segment and segment by segment.

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
    for piece in pieces {
        let Some((taken, behind)) = rest.split_once(piece) else {
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

/// Matches segment by segment, reports the capture of each wildcard, and returns the path below. The reports count
/// only if it matches.
///
/// The segments between two `**` are searched from the left: an earlier match is never worse, and lets each wildcard
/// capture as little as possible. The segments after the last `**` are matched at the end.
pub(super) fn match_segments<'t>(
    pattern: &str,
    below: bool,
    name: &'t str,
    tell: &mut dyn FnMut(&'t str),
) -> Option<&'t str> {
    let mut blocks = Blocks { rest: Some(pattern) };
    // The remaining name; `None` after its last segment.
    let mut rest = Some(name);
    let mut block = blocks.next()?;
    let mut is_first = true;
    if !block.is_empty() {
        rest = capture_block(block, rest, tell)?;
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
            tell(between(start, at));
            rest = capture_block(block, at, tell)?;
            continue;
        }
        loop {
            if matches_block(block, rest) {
                tell(between(start, rest));
                rest = capture_block(block, rest, tell)?;
                break;
            }
            rest = after_segment(rest?);
        }
    }
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

fn matches_block(block: &str, rest: Option<&str>) -> bool {
    capture_block(block, rest, &mut |_| {}).is_some()
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

//! The nesting depth of JSON, which is checked before anything is parsed.

/// The depth at which Go's JSON decoder, and so the API server, returns an error.
pub(super) const MAX_DEPTH: usize = 10_000;

/// Returns true if the JSON is nested deeper than [`MAX_DEPTH`].
///
/// The reader skips values without recursion, so depth costs no stack. But no API server can have sent such a body.
/// Counting the brackets comes first: it takes a few instructions a kilobyte, and settles nearly every review.
pub(super) fn is_too_deep(body: &[u8]) -> bool {
    // Valid JSON closes each bracket that it opens, so a shorter body cannot be that deep.
    if body.len() < 2 * MAX_DEPTH {
        return false;
    }
    // A chunk has no more bytes than a byte can count, so that the compiler vectorizes the loop. `[` and `{` differ
    // in one bit, 0x20.
    let opened = |chunk: &[u8]| {
        chunk
            .iter()
            .map(|byte| u8::from(*byte & !0x20 == b'['))
            .sum::<u8>()
    };
    let opened: usize = body.chunks(u8::MAX.into()).map(opened).map(usize::from).sum();
    opened > MAX_DEPTH && depth_exceeds(body, MAX_DEPTH)
}

fn depth_exceeds(body: &[u8], limit: usize) -> bool {
    let mut depth = 0usize;
    let mut in_string = false;
    let mut escaped = false;
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => {
                depth += 1;
                if depth > limit {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_a_row_or_in_strings_are_not_deep() {
        let wide = format!("[{}]", "[],{},".repeat(MAX_DEPTH));
        let quoted = format!("[\"\\\"{}\"]", "[{".repeat(MAX_DEPTH));
        assert!(!is_too_deep(wide.as_bytes()));
        assert!(!is_too_deep(quoted.as_bytes()));
    }

    #[test]
    fn limit_is_the_last_accepted_depth() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(!is_too_deep(nested(MAX_DEPTH).as_bytes()));
        assert!(is_too_deep(nested(MAX_DEPTH + 1).as_bytes()));
    }
}

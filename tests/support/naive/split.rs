//! Patterns and targets, split at their signs.

/// A pattern or a target at its signs.
pub(super) struct Split {
    pub(super) segments: Vec<String>,
    pub(super) below: bool,
    pub(super) tag: Option<String>,
    pub(super) digest: Option<String>,
}

pub(super) fn split(text: &str) -> Split {
    let (rest, digest) = match text.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest.to_owned())),
        None => (text, None),
    };
    let mut segments: Vec<String> = rest.split('/').map(ToOwned::to_owned).collect();
    let last = segments.pop().unwrap();
    let below = last.is_empty();
    let mut tag = None;
    if !below {
        match last.split_once(':') {
            Some((name, behind)) => {
                segments.push(name.to_owned());
                tag = Some(behind.to_owned());
            }
            None => segments.push(last),
        }
    }
    Split {
        segments,
        below,
        tag,
        digest,
    }
}

//! Patterns: taking their text apart.

use super::target::Kind;
use super::{compared, looks_like_a_registry};

#[derive(Debug)]
pub(super) enum Pattern {
    Written(String),
    Parts {
        registry: String,
        path: Vec<String>,
        below: bool,
        tag: Option<String>,
        digest: Option<String>,
    },
}

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

impl Pattern {
    pub(super) fn read(text: &str) -> Self {
        let Split {
            segments,
            below,
            tag,
            digest,
        } = split(text);
        let (first, others) = segments.split_first().unwrap();
        let has_slash = below || !others.is_empty();
        let is_registry = first == "**"
            || has_slash && (first == "*" || looks_like_a_registry(first) || first.starts_with('['));
        let (registry, mut path) = if is_registry {
            (compared(first), others.to_vec())
        } else {
            ("docker.io".to_owned(), segments.clone())
        };
        if registry == "docker.io" && !below && path.len() == 1 && path[0] != "**" {
            path.insert(0, "library".to_owned());
        }
        Self::Parts {
            registry,
            path,
            below,
            tag,
            digest,
        }
    }

    /// What each capture is taken from.
    pub(super) fn kinds(&self) -> Vec<Kind> {
        let stars = |text: &str, kind| vec![kind; text.matches('*').count()];
        match self {
            Self::Written(text) => stars_outside_sets(text),
            Self::Parts {
                registry,
                path,
                tag,
                digest,
                ..
            } => {
                let mut kinds = match registry.as_str() {
                    "**" => vec![Kind::Segments { first: true }],
                    _ => stars(registry, Kind::Registry),
                };
                for segment in path {
                    kinds.extend(match segment.as_str() {
                        "**" => vec![Kind::Segments { first: false }],
                        _ => stars(segment, Kind::Other),
                    });
                }
                for part in [tag, digest].into_iter().flatten() {
                    kinds.extend(stars(part, Kind::Other));
                }
                kinds
            }
        }
    }
}

/// The `*` of a shell's glob; one in a set is a member of it.
fn stars_outside_sets(text: &str) -> Vec<Kind> {
    let mut kinds = Vec::new();
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        match character {
            '*' => kinds.push(Kind::Written),
            '[' => {
                let members = rest.as_str().strip_prefix('!').unwrap_or(rest.as_str());
                // A `]` in first place is a member.
                let mut members = members.chars();
                members.next();
                rest = members.as_str().split_once(']').unwrap().1.chars();
            }
            _ => {}
        }
    }
    kinds
}

/// A prefix of `home`, read as the same pattern would be.
pub(super) fn home(prefix: &str) -> String {
    match Pattern::read(prefix) {
        Pattern::Parts { registry, path, .. } => std::iter::once(registry)
            .chain(path)
            .map(|segment| segment + "/")
            .collect(),
        Pattern::Written(_) => unreachable!("a prefix is no glob"),
    }
}

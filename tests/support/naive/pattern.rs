//! Patterns: taking their text apart, and matching.

use super::image::{Image, compared, looks_like_a_registry};
use super::matching::{glob, segments};
use super::split::{Split, split};
use super::target::Kind;

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

    /// What the wildcards take, and at the end what lies below a trailing `/`; none where it does not match.
    pub(super) fn matches(&self, image: &Image) -> Option<Vec<String>> {
        match self {
            Self::Written(text) => {
                let mut taken = glob(text, &image.spelled, true)?;
                taken.push(String::new());
                Some(taken)
            }
            Self::Parts {
                registry,
                path,
                below,
                tag,
                digest,
            } => {
                let wanted: Vec<&str> = std::iter::once(registry)
                    .chain(path)
                    .map(String::as_str)
                    .collect();
                let given: Vec<&str> = std::iter::once(&image.registry)
                    .chain(&image.path)
                    .map(String::as_str)
                    .collect();
                let mut taken = segments(&wanted, *below, &given, true)?;
                let rest = taken.pop()?;
                if let Some(wanted) = tag {
                    let given = match (&image.tag, &image.digest) {
                        (None, None) => "latest",
                        (None, Some(_)) => return None,
                        (Some(tag), _) => tag,
                    };
                    let of_tag = glob(wanted, given, false)?;
                    taken.extend(match image.tag {
                        Some(_) => of_tag,
                        None => vec![String::new(); of_tag.len()],
                    });
                }
                if let Some(wanted) = digest {
                    taken.extend(glob(wanted, image.digest.as_ref()?, false)?);
                }
                taken.push(rest);
                Some(taken)
            }
        }
    }

    /// Returns true if its registry has a wildcard.
    pub(super) fn is_open(&self) -> bool {
        match self {
            Self::Written(text) => text.split('/').next().unwrap().contains(['*', '?', '[']),
            Self::Parts { registry, .. } => registry.contains('*'),
        }
    }

    /// Returns the source of each capture.
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
        Pattern::Written(_) => unreachable!("a prefix, not a glob"),
    }
}

//! Reasons why an old configuration has no rules file.

use imageswap_engine::legacy::PrefixError;
use imageswap_engine::reference::DOCKER_HUB;

use crate::location::LocationError;
use crate::map::OldMap;

/// The reason why an old configuration has no rules file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The problem and its fix.
    pub message: String,
    /// The lines of the map that cause it: the number, from 1, and the text.
    pub lines: Vec<(usize, String)>,
}

/// Returns the fault of a map without a valid line.
pub(crate) fn without_lines(map: &OldMap, text: &str) -> Fault {
    if map.count == 0 {
        let problem = match text.contains('#') {
            true => "the map has only comments",
            false => "the map is empty",
        };
        return Fault {
            message: format!(
                "{problem}: expected lines `KEY::VALUE`, as in `{DOCKER_HUB}::harbor.example.com/hub`"
            ),
            lines: Vec::new(),
        };
    }
    let lines = (1..).zip(text.lines()).filter(|(_, line)| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with('#')
    });
    Fault {
        message: format!(
            "the text is not a map: expected lines `KEY::VALUE`, as in `{DOCKER_HUB}::harbor.example.com/hub`"
        ),
        lines: lines
            .take(3)
            .map(|(number, line)| (number, line.trim().to_owned()))
            .collect(),
    }
}

/// Returns the fault of a map with thousands of globs, each of which may match results of others.
pub(crate) fn unproven() -> Fault {
    Fault {
        message: "too many lines with `[REPLACE]`: the results of so many lines may match other lines that the termination check \
                  of their rules takes too long; leave these lines in a map next to the rules, and migrate the others"
            .to_owned(),
        lines: Vec::new(),
    }
}

/// Returns the fault of a prefix that no rule can express.
pub(crate) fn invalid_prefix(prefix: &str, why: LocationError) -> Fault {
    Fault {
        message: match why {
            LocationError::Invalid => PrefixError::new(prefix).to_string(),
            LocationError::Unnameable => format!(
                "the prefix `{prefix}` is a registry without a dot, which no rule can name; use its full name, or add a \
                 port"
            ),
            LocationError::WithinRegistry => format!(
                "the prefix `{prefix}` is the start of a registry, so each image gets another registry (`bitnami/redis` \
                 becomes `{prefix}bitnami/redis`), which no rule can express; end the registry with a `/`, as in \
                 `{host}/mirror-`",
                host = prefix.trim_end_matches('-')
            ),
        },
        lines: Vec::new(),
    }
}

//! Why no rules file comes of an old configuration.

use imageswap_engine::reference::DOCKER_HUB;

use crate::location::LocationError;
use crate::map::OldMap;

/// Why there is no rules file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong, and the way out.
    pub message: String,
    /// The lines of the map that it is about, from 1, each as it is written.
    pub lines: Vec<(usize, String)>,
}

/// A map without a line that means something.
pub(crate) fn without_lines(map: &OldMap, text: &str) -> Fault {
    if map.count == 0 {
        let what = match text.contains('#') {
            true => "holds comments alone",
            false => "is empty",
        };
        return Fault {
            message: format!(
                "it {what}: a map has lines `KEY::VALUE`, as in `{DOCKER_HUB}::harbor.example.com/hub`"
            ),
            lines: Vec::new(),
        };
    }
    let said = (1..).zip(text.lines()).filter(|(_, line)| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with('#')
    });
    Fault {
        message: format!(
            "it is no map: none of its lines is `KEY::VALUE`, as in `{DOCKER_HUB}::harbor.example.com/hub`"
        ),
        lines: said
            .take(3)
            .map(|(number, line)| (number, line.trim().to_owned()))
            .collect(),
    }
}

/// Where a map has thousands of globs, each of which may match what others lead to.
pub(crate) fn unproven() -> Fault {
    Fault {
        message: "so many lines with `[REPLACE]` may lead to one another that it can't be shown that rules for them end for \
                  every image. A map may stand beside rules: leave these lines in the map, and migrate the others"
            .to_owned(),
        lines: Vec::new(),
    }
}

/// A prefix that no rule can be made of.
pub(crate) fn invalid_prefix(prefix: &str, why: LocationError) -> Fault {
    Fault {
        message: match why {
            LocationError::Invalid => format!(
                "no valid image can come of the prefix `{prefix}`: give a registry and perhaps a path, as in \
                 `harbor.example.com/hub`"
            ),
            LocationError::Unnameable => format!(
                "the prefix `{prefix}` is a registry without a dot, which no rule can name: give it its whole name, or a \
                 port"
            ),
            LocationError::WithinRegistry => format!(
                "with the prefix `{prefix}` each image has a registry of its own (`bitnami/redis` is \
                 `{prefix}bitnami/redis`), which no rule can say: end the registry with a `/`, as in `{host}/mirror-`",
                host = prefix.trim_end_matches('-')
            ),
        },
        lines: Vec::new(),
    }
}

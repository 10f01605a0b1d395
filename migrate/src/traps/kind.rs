//! The kinds of traps, with the texts that each has in a report and in a finding.

use imageswap_engine::diagnostic::{Code, Severity};
use imageswap_engine::reference::DOCKER_HUB;
use imageswap_engine::syntax::map::Key;

/// The kind of a trap. Each has a row in the page about migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrapKind {
    /// Without a `default` line no line for a registry counts.
    NoDefault,
    /// An empty entry of `noswap_wildcards` occurs in every image.
    EmptyEntry,
    /// An entry of `noswap_wildcards` counts in a path and a tag as well.
    Anywhere,
    /// Images of several registries become one.
    OneName,
    /// `[REPLACE]` keeps the last segment only.
    NameAlone,
    /// The registry is repeated in the result.
    RegistryTwice,
    /// The key is a registry with a path.
    PathInKey,
    /// No image can have the key, or contain the entry.
    MatchesNothing,
    /// `docker.io/library` without `docker.io`.
    OfficialAlone,
    /// Another line swaps the result again.
    Chain,
    /// The line changes no result.
    NoEffect,
    /// The port of the image is part of the result.
    PortHandedOn,
    /// The value becomes a part of the registry.
    PrefixOnRegistry,
    /// The value does not produce a valid image.
    UnusableValue,
    /// The value is a registry that no rule can name.
    UnnameableRegistry,
    /// The line is not `KEY::VALUE`.
    SkippedLine,
    /// A later line has the same key.
    ReplacedLine,
}

impl TrapKind {
    /// All kinds, in the order of the page about migration.
    pub const ALL: [Self; 17] = [
        Self::NoDefault,
        Self::EmptyEntry,
        Self::Anywhere,
        Self::OneName,
        Self::NameAlone,
        Self::RegistryTwice,
        Self::PathInKey,
        Self::MatchesNothing,
        Self::OfficialAlone,
        Self::Chain,
        Self::NoEffect,
        Self::PortHandedOn,
        Self::PrefixOnRegistry,
        Self::UnusableValue,
        Self::UnnameableRegistry,
        Self::SkippedLine,
        Self::ReplacedLine,
    ];

    /// Returns the name in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoDefault => "no-default",
            Self::EmptyEntry => "empty-entry",
            Self::Anywhere => "anywhere",
            Self::OneName => "one-name",
            Self::NameAlone => "name-alone",
            Self::RegistryTwice => "registry-twice",
            Self::PathInKey => "path-in-key",
            Self::MatchesNothing => "matches-nothing",
            Self::OfficialAlone => "official-alone",
            Self::Chain => "chain",
            Self::NoEffect => "no-effect",
            Self::PortHandedOn => "port-handed-on",
            Self::PrefixOnRegistry => "prefix-on-registry",
            Self::UnusableValue => "unusable-value",
            Self::UnnameableRegistry => "unnameable-registry",
            Self::SkippedLine => "skipped-line",
            Self::ReplacedLine => "replaced-line",
        }
    }

    /// Returns the end of the message in a report: what the rules file does about the line.
    pub(super) fn in_new_file(self) -> &'static str {
        match self {
            Self::MatchesNothing | Self::PathInKey | Self::NoDefault => {
                ", so the new file has no rule for it"
            }
            Self::OneName | Self::NameAlone | Self::RegistryTwice | Self::Anywhere | Self::UnusableValue => {
                ", in the new file too"
            }
            Self::EmptyEntry => {
                ", so the new file has no rule for it; to swap these images, use the rules below"
            }
            Self::OfficialAlone => "; in the new file `default` applies to other images of Docker Hub",
            Self::PortHandedOn => "; the new file does the same for the ports that it names",
            Self::PrefixOnRegistry => {
                "; the new file does the same for registries of the map and of the given images"
            }
            Self::UnnameableRegistry => "; the new file keeps its images",
            Self::Chain => "; the new file swaps to the end of the chain at once",
            Self::NoEffect => ", so the new file has no rule for it",
            Self::SkippedLine => ", so it is skipped, as before",
            Self::ReplacedLine => ", so this line has no effect",
        }
    }

    /// Returns the severity and the code of the finding; `None` if the line has another finding, or is only at fault in
    /// rules.
    pub(super) fn finding(self) -> Option<(Severity, Code)> {
        use Severity::{Notice, Warning};
        // A line that cannot do what it says is a warning. Other traps are often intended.
        Some(match self {
            Self::NoDefault => (Warning, Code::MAP_NO_DEFAULT),
            Self::EmptyEntry => (Warning, Code::MAP_EMPTY_ENTRY),
            Self::RegistryTwice => (Warning, Code::MAP_REGISTRY_TWICE),
            Self::PathInKey => (Warning, Code::MAP_PATH_IN_KEY),
            Self::MatchesNothing => (Warning, Code::MAP_MATCHES_NOTHING),
            Self::OneName => (Notice, Code::MAP_ONE_NAME),
            Self::NameAlone => (Notice, Code::MAP_NAME_ALONE),
            Self::Anywhere => (Notice, Code::MAP_ANYWHERE),
            Self::OfficialAlone => (Notice, Code::MAP_OFFICIAL_ALONE),
            Self::PortHandedOn => (Notice, Code::MAP_PORT_HANDED_ON),
            Self::PrefixOnRegistry => (Notice, Code::MAP_PREFIX_ON_REGISTRY),
            Self::Chain
            | Self::NoEffect
            | Self::UnusableValue
            | Self::UnnameableRegistry
            | Self::SkippedLine
            | Self::ReplacedLine => return None,
        })
    }

    /// Returns the help of the finding for a line with this key.
    pub(super) fn help(self, key: Key<'_>) -> Option<String> {
        let help = match self {
            Self::NoDefault => {
                "add a line `default::`, whose empty value keeps the images of all other registries"
            }
            Self::EmptyEntry => "remove the extra comma",
            Self::MatchesNothing if key == Key::NoswapWildcards => {
                "use a text that occurs in an image, without wildcards"
            }
            Self::MatchesNothing => "use a registry, an image after `[EXACT]`, or a glob after `[REPLACE]`",
            Self::OfficialAlone => {
                return Some(format!(
                    "add a line `{DOCKER_HUB}`; without it `default` applies to other images of Docker Hub"
                ));
            }
            Self::PortHandedOn => "to set the port, add it to the value, as in `harbor.example.com:443`",
            Self::PrefixOnRegistry => {
                "to make it a part of the path, use a value with a `/`, as in `harbor.example.com/mirror-`"
            }
            Self::Anywhere
            | Self::OneName
            | Self::NameAlone
            | Self::RegistryTwice
            | Self::PathInKey
            | Self::Chain
            | Self::NoEffect
            | Self::UnusableValue
            | Self::UnnameableRegistry
            | Self::SkippedLine
            | Self::ReplacedLine => return None,
        };
        Some(help.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_about_migration_has_every_kind() {
        let page = include_str!("../../../docs/migration.md");
        for kind in TrapKind::ALL {
            assert!(
                page.contains(&format!("`{}`", kind.as_str())),
                "{}",
                kind.as_str()
            );
        }
    }
}

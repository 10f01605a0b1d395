//! The traps of single lines, and of lines together.

use std::borrow::Cow;
use std::collections::BTreeMap;

use imageswap_engine::reference::{DOCKER_HUB, OFFICIAL_IMAGES};
use imageswap_engine::syntax::map::Key;

use super::better::{below, keep, kept};
use super::kind::TrapKind;
use crate::location::Location;
use crate::map::{Line, OldMap};
use crate::plan::{self, Idle};
use crate::rule::{Constants, Kind, Rule};

/// A line that relies on a trap.
#[derive(Debug)]
pub(super) struct Trap {
    /// Index of the line among the effective lines.
    pub(super) at: usize,
    pub(super) kind: TrapKind,
    /// Effect of the line.
    pub(super) effect: Cow<'static, str>,
    /// Rules to write instead.
    pub(super) better: Option<String>,
}

/// Returns the trap of a line by itself.
pub(super) fn line_trap(map: &OldMap, idle: &BTreeMap<usize, Idle>, at: usize) -> Option<Trap> {
    let line = map.lines.get(at)?;
    match idle.get(&at) {
        Some(why) => Some(self::idle(map, at, line, *why)),
        None => unexpected(map, idle, at, line),
    }
}

/// Returns the traps of entries of `noswap_wildcards` that no image contains, such as one with a wildcard.
pub(super) fn entry_traps(at: usize, line: &Line) -> impl Iterator<Item = Trap> {
    let entries = line
        .value
        .split(',')
        .filter(|_| line.key() == Key::NoswapWildcards);
    let unmatched = entries.filter(|entry| !entry.is_empty() && !occurs_in_images(entry));
    unmatched.map(move |entry| Trap {
        at,
        kind: TrapKind::MatchesNothing,
        effect: format!("no image contains the entry `{entry}`").into(),
        better: below(entry, ""),
    })
}

/// Returns the traps of lines for several registries that have one target, among the lines that count here.
pub(super) fn shared_target_traps(map: &OldMap, counts: impl Fn(usize) -> bool) -> Vec<Trap> {
    let mut by_location: BTreeMap<Location, Vec<usize>> = BTreeMap::new();
    for (at, line) in map.lines.iter().enumerate().filter(|(at, _)| counts(*at)) {
        if let Some(location) = plan::location_of_registry(line) {
            by_location.entry(location).or_default().push(at);
        }
    }
    let constants = Constants::default();
    let several = by_location.into_iter().filter(|(_, lines)| lines.len() > 1);
    several
        .flat_map(|(location, lines)| lines.into_iter().map(move |at| (at, location.clone())))
        .filter_map(|(at, location)| {
            let key = map.lines.get(at)?.key.as_str();
            // Official images of Docker Hub keep their short form.
            let template = if key == DOCKER_HUB { "{written}" } else { "" };
            let rest = location.rest(&format!("{}/{template}", key.replace(':', "_")));
            let better = Rule::swap(Kind::Registry, format!("{key}/"), location.registry, rest);
            Some(Trap {
                at,
                kind: TrapKind::OneName,
                effect: "other lines have the same target, so images with the same path get the same name"
                    .into(),
                better: Some(better.text(&constants)),
            })
        })
        .collect()
}

/// Returns the trap of a line that has no rule.
fn idle(map: &OldMap, at: usize, line: &Line, why: Idle) -> Trap {
    let trap = |kind, effect: &'static str, better| Trap {
        at,
        kind,
        effect: effect.into(),
        better,
    };
    match why {
        Idle::NoImage => trap(
            TrapKind::MatchesNothing,
            "no image can have this key",
            line.key
                .contains('*')
                .then(|| below(&line.key, &line.value))
                .flatten(),
        ),
        Idle::PathInKey => trap(
            TrapKind::PathInKey,
            "the key of a registry never matches with a path",
            below(&line.key, &line.value),
        ),
        Idle::NoDefault => trap(
            TrapKind::NoDefault,
            "without a `default` line no registry is swapped",
            (line.key() != Key::NoswapWildcards)
                .then(|| below(&line.key, &line.value))
                .flatten(),
        ),
        Idle::Unusable => trap(
            TrapKind::UnusableValue,
            "the value does not produce a valid image, so its images are kept",
            None,
        ),
        Idle::Unnameable => trap(
            TrapKind::UnnameableRegistry,
            "the value is a registry without a dot, which no rule can name",
            None,
        ),
        Idle::EmptyEntry => trap(
            TrapKind::EmptyEntry,
            "an empty entry occurs in every image and keeps all images that no line names",
            map.find(Key::Default).and_then(|(_, default)| {
                let entries = line.value.split(',').filter(|entry| !entry.is_empty());
                let rules = entries.filter_map(keep).chain([below("**", &default.value)?]);
                Some(rules.collect::<Vec<String>>().join("\n"))
            }),
        ),
    }
}

/// Returns the trap of a line that does what it says, in a way that few expect.
fn unexpected(map: &OldMap, idle: &BTreeMap<usize, Idle>, at: usize, line: &Line) -> Option<Trap> {
    let trap = |kind, effect: &'static str, better| Trap {
        at,
        kind,
        effect: effect.into(),
        better,
    };
    let value = line.value.as_str();
    match line.key() {
        Key::Exact(_) => None,
        // Without a rule for it there is nothing to report.
        Key::Default if value.is_empty() || idle.values().any(|why| *why == Idle::EmptyEntry) => None,
        Key::Default if value.ends_with('-') && !value.contains('/') => Some(trap(
            TrapKind::PrefixOnRegistry,
            "the value becomes a part of the registry",
            None,
        )),
        Key::Default if value.ends_with('-') => Some(trap(
            TrapKind::RegistryTwice,
            "the result has the registry twice",
            below("**", value),
        )),
        Key::Default => Some(trap(
            TrapKind::OneName,
            "images of all other registries with the same path get the same name",
            below("**", value),
        )),
        // An entry that no image contains has its own trap.
        Key::NoswapWildcards if !value.split(',').any(occurs_in_images) => None,
        Key::NoswapWildcards => Some(trap(
            TrapKind::Anywhere,
            "an entry may occur anywhere in an image, in its path or tag as well",
            kept(value),
        )),
        Key::Registry(OFFICIAL_IMAGES) if map.find(Key::Registry(DOCKER_HUB)).is_none() => Some(Trap {
            at,
            kind: TrapKind::OfficialAlone,
            effect: format!("imageswap-webhook fails if the map has no line `{DOCKER_HUB}`").into(),
            better: None,
        }),
        Key::Registry(key) if plan::hands_on_port(key, value) => Some(trap(
            TrapKind::PortHandedOn,
            "the port of the image is passed to the target",
            None,
        )),
        Key::Registry(_) => None,
        Key::Replace(glob) => {
            let glob = crate::written::glob(glob)?;
            let location = Location::parse(value).ok()?;
            Some(trap(
                TrapKind::NameAlone,
                "the result keeps only the last segment, so images of several paths get the same name",
                // An empty value has no target below which other registries could be.
                (!value.is_empty())
                    .then(|| format!("swap written {glob} -> {}{{domain}}/{{path}}", location.prefix())),
            ))
        }
    }
}

/// Returns true if some image may contain an entry.
fn occurs_in_images(entry: &str) -> bool {
    !entry.is_empty() && crate::written::literal(entry).is_some()
}

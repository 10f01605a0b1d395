//! Traps of a map: lines that do what few expect, and what would say it better.

use std::borrow::Cow;
use std::collections::BTreeMap;

use imageswap_engine::reference::DOCKER_HUB;
use imageswap_engine::syntax::map::Key;

use crate::better::{below, keep, kept};
use crate::map::{Line, OldMap};
use crate::place::Place;
use crate::plan::{self, Idle};
use crate::rule::{Constants, Kind, Rule};

/// A line that relies on one.
#[derive(Debug)]
pub(crate) struct Trap {
    /// The line, by its place among those that count.
    pub(crate) at: usize,
    pub(crate) name: &'static str,
    /// What the line does.
    pub(crate) does: Cow<'static, str>,
    /// What the file that a map is migrated to does then.
    pub(crate) new_file: &'static str,
    /// Rules that would be better.
    pub(crate) better: Option<String>,
}

/// That of a line by itself.
pub(crate) fn of_line(map: &OldMap, idle: &BTreeMap<usize, Idle>, at: usize) -> Option<Trap> {
    let line = map.lines.get(at)?;
    match idle.get(&at) {
        Some(why) => Some(self::idle(map, at, line, *why)),
        None => in_force(map, idle, at, line),
    }
}

/// Those of the entries of `noswap_wildcards` that no image holds, as of one with a wildcard, which is none there.
pub(crate) fn of_entries(at: usize, line: &Line) -> impl Iterator<Item = Trap> {
    let entries = line
        .value
        .split(',')
        .filter(|_| line.key() == Key::NoswapWildcards);
    let unheld = entries.filter(|entry| !entry.is_empty() && !is_held(entry));
    unheld.map(move |entry| Trap {
        at,
        name: "matches-nothing",
        does: format!("no image holds the entry `{entry}`").into(),
        new_file: ", so the new file has no rule for it",
        better: below(entry, ""),
    })
}

/// Those of lines for several registries that lead to one place, among the lines that count here.
pub(crate) fn of_lines_together(map: &OldMap, counts: impl Fn(usize) -> bool) -> Vec<Trap> {
    let mut by_place: BTreeMap<Place, Vec<usize>> = BTreeMap::new();
    for (at, line) in map.lines.iter().enumerate().filter(|(at, _)| counts(*at)) {
        if let Some(place) = plan::place_of_registry(line) {
            by_place.entry(place).or_default().push(at);
        }
    }
    let constants = Constants::default();
    let several = by_place.into_iter().filter(|(_, lines)| lines.len() > 1);
    several
        .flat_map(|(place, lines)| lines.into_iter().map(move |at| (at, place.clone())))
        .filter_map(|(at, place)| {
            let key = map.lines.get(at)?.key.as_str();
            // The names of Docker Hub are put in as they are spelled.
            let template = if key == DOCKER_HUB { "{written}" } else { "" };
            let rest = place.rest(&format!("{}/{template}", key.replace(':', "_")));
            let better = Rule::swap(Kind::Registry, format!("{key}/"), place.registry, rest);
            Some(Trap {
                at,
                name: "one-name",
                does: "other lines lead to the same place, so images that have one path fall on one name"
                    .into(),
                new_file: ", in the new file too",
                better: Some(better.text(&constants)),
            })
        })
        .collect()
}

/// Of a line that no rule comes of.
fn idle(map: &OldMap, at: usize, line: &Line, why: Idle) -> Trap {
    let trap = |name, does: &'static str, new_file, better| Trap {
        at,
        name,
        does: does.into(),
        new_file,
        better,
    };
    match why {
        Idle::NoImage => trap(
            "matches-nothing",
            "no image can have this key",
            ", so the new file has no rule for it",
            line.key
                .contains('*')
                .then(|| below(&line.key, &line.value))
                .flatten(),
        ),
        Idle::PathInKey => trap(
            "path-in-key",
            "the key of a registry never matches with a path",
            ", so the new file has no rule for it",
            below(&line.key, &line.value),
        ),
        Idle::NoDefault => trap(
            "no-default",
            "without a `default` line no registry is swapped",
            ", so the new file has no rule for it",
            (line.key() != Key::NoswapWildcards)
                .then(|| below(&line.key, &line.value))
                .flatten(),
        ),
        Idle::Unusable => trap(
            "unusable-value",
            "no valid image can come of the value, so its images stay",
            ", in the new file too",
            None,
        ),
        Idle::Unnameable => trap(
            "unnameable-registry",
            "the value is a registry without a dot, which no rule can name",
            "; the new file leaves its images alone",
            None,
        ),
        Idle::EmptyEntry => trap(
            "empty-entry",
            "an empty entry occurs in every image, so all that no line names stays",
            ", and the new file has no rule for it; where it was to be moved, this does it",
            map.find(Key::Default).and_then(|(_, default)| {
                let entries = line.value.split(',').filter(|entry| !entry.is_empty());
                let rules = entries.filter_map(keep).chain([below("**", &default.value)?]);
                Some(rules.collect::<Vec<String>>().join("\n"))
            }),
        ),
    }
}

/// Of a line that does what it says, in a way that few expect.
fn in_force(map: &OldMap, idle: &BTreeMap<usize, Idle>, at: usize, line: &Line) -> Option<Trap> {
    let trap = |name, does: &'static str, new_file, better| Trap {
        at,
        name,
        does: does.into(),
        new_file,
        better,
    };
    let value = line.value.as_str();
    match line.key() {
        // Without a rule for it there is nothing to say of it.
        Key::Exact(_) => None,
        Key::Default if value.is_empty() || idle.values().any(|why| *why == Idle::EmptyEntry) => None,
        Key::Default if value.ends_with('-') && !value.contains('/') => Some(trap(
            "prefix-on-registry",
            "the value becomes a part of the registry",
            "; the new file says that of the registries that the map names or the given images have",
            None,
        )),
        Key::Default if value.ends_with('-') => Some(trap(
            "registry-twice",
            "a registry stands twice in what comes of it",
            ", in the new file too",
            below("**", value),
        )),
        Key::Default => Some(trap(
            "one-name",
            "images of all other registries that have one path fall on one name",
            ", in the new file too",
            below("**", value),
        )),
        // An entry that no image holds is a trap of its own.
        Key::NoswapWildcards if !value.split(',').any(is_held) => None,
        Key::NoswapWildcards => Some(trap(
            "anywhere",
            "an entry may occur anywhere in an image, in its path or tag as well",
            ", in the new file too",
            kept(value),
        )),
        Key::Registry("docker.io/library") if map.find(Key::Registry(DOCKER_HUB)).is_none() => Some(trap(
            "official-alone",
            "imageswap-webhook fails where there is no line `docker.io`",
            "; in the new file other images of Docker Hub go by `default`",
            None,
        )),
        Key::Registry(key) if plan::hands_on_port(key, value) => Some(trap(
            "port-handed-on",
            "a port of the image is handed on to the target",
            "; the new file does so for the ports that it names",
            None,
        )),
        Key::Registry(_) => None,
        Key::Replace(glob) => {
            let glob = crate::written::glob(glob)?;
            let place = Place::of(value).ok()?;
            Some(trap(
                "name-alone",
                "what comes of it keeps the last segment alone, so images of several paths fall on one name",
                ", in the new file too",
                // An empty value is no place to put other registries.
                (!value.is_empty())
                    .then(|| format!("swap written {glob} -> {}{{domain}}/{{path}}", place.prefix())),
            ))
        }
    }
}

/// Whether some image may hold an entry.
fn is_held(entry: &str) -> bool {
    !entry.is_empty() && crate::written::literal(entry).is_some()
}

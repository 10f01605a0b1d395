//! From a map to the rules that say the same, in their order.
//!
//! The map's answer is final, while rules decide again; and the map is asked in steps, while of rules the first one
//! decides. So what stands at a target is kept before a rule for its registry is asked, as the map does it, unless the
//! line for that registry is there to move it on.

mod arrived;
mod parts;
mod prefix;
mod registries;
mod rest;
mod spelled;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use imageswap_engine::syntax::map::Key;

pub(crate) use self::parts::Idle;
use self::parts::Parts;
pub(crate) use self::prefix::plan as of_prefix;
pub(crate) use self::registries::{hands_on_port, place_of_registry};
use crate::map::OldMap;
use crate::place::{NoPlace, Place, split_port, written_out};
use crate::rule::{Kind, Pattern, Rule};

/// The rules for an old configuration, and what explains them.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) rules: Vec<Rule>,
    /// Where images come to rest.
    pub(crate) home: Vec<Place>,
    /// Lines that no rule comes of, with the reason.
    pub(crate) idle: BTreeMap<usize, Idle>,
    pub(crate) facts: Facts,
}

/// What the reasons of differences are found by.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// Places that images are swapped to, in order.
    pub(crate) held: Vec<Place>,
    /// What a value ending in `-` leads to: `h.io/mirror-`.
    pub(crate) dashed: Vec<String>,
    /// Whole images that lines lead to.
    pub(crate) images: Vec<String>,
    /// Whether the rest is sent to registries that a rule can't make, and those that it is written for.
    pub(crate) on_registry: Option<BTreeSet<String>>,
    /// The hosts whose port is handed on.
    pub(crate) handed_on: BTreeSet<String>,
}

/// What a line makes of images.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Answer {
    Keep,
    Swap(Place),
}

impl Answer {
    /// Of the value of a line for a registry.
    fn of(value: &str, host: &str) -> Result<Self, NoPlace> {
        match value {
            "" => Ok(Self::Keep),
            _ if value.ends_with('-') => Place::of(&format!("{value}{host}")).map(Self::Swap),
            _ => Place::of(value).map(Self::Swap),
        }
    }

    fn place(&self) -> Option<&Place> {
        match self {
            Self::Keep => None,
            Self::Swap(place) => Some(place),
        }
    }
}

/// The rules while they are written.
struct Builder<'m> {
    map: &'m OldMap,
    parts: Parts,
    /// Registries of images that are given, as they are spelled.
    given: &'m BTreeSet<String>,
    plan: Plan,
}

/// Makes the rules for a map. What is known of images that are in use are their registries.
pub(crate) fn of_map(map: &OldMap, given: &BTreeSet<String>) -> Plan {
    let parts = Parts::of(map);
    let mut builder = Builder {
        map,
        given,
        plan: Plan {
            idle: parts.idle.clone(),
            ..Plan::default()
        },
        parts,
    };
    builder.exact();
    builder.note_targets();
    let globs = builder.globs();
    if builder.parts.default.is_some() {
        let registries = builder.registries();
        let rest = builder.rest();
        let (before, after) = builder.arrived(&globs, &[&registries, &rest]);
        let rules = &mut builder.plan.rules;
        for group in [before, globs, after, registries, rest] {
            rules.extend(group);
        }
    } else {
        let (before, after) = builder.arrived(&globs, &[]);
        builder
            .plan
            .rules
            .extend(before.into_iter().chain(globs).chain(after));
    }
    builder.home();
    builder.plan
}

/// The lines of a map that no rule comes of, as far as other lines of its kind say nothing of it; in linear time.
pub(crate) fn idle(map: &OldMap) -> BTreeMap<usize, Idle> {
    let parts = Parts::of(map);
    let mut idle = parts.idle;
    if let (Some(_), Some((line, entries))) = (parts.default, parts.noswap)
        && entries.iter().any(String::is_empty)
    {
        idle.insert(line, Idle::EmptyEntry);
    }
    let hosts = parts
        .registries
        .iter()
        .map(|registry| (registry.line, registry.host.as_str()));
    // Behind a `-` some registry follows.
    let official = parts.official.map(|line| (line, "docker.io"));
    let default = parts.default.map(|line| (line, "registry.example.com"));
    for (at, host) in hosts.chain(official).chain(default) {
        let answer = map.lines.get(at).map(|line| Answer::of(&line.value, host));
        if let Some(Err(why)) = answer {
            idle.entry(at).or_insert(why.into());
        }
    }
    idle
}

impl Builder<'_> {
    fn value(&self, line: usize) -> &str {
        self.map.lines.get(line).map_or("", |line| line.value.as_str())
    }

    /// What a line makes of the images of a registry; they stay where no image comes of it, or none that a rule can
    /// name.
    fn answer(&mut self, line: usize, host: &str) -> Answer {
        match Answer::of(self.value(line), host) {
            Ok(answer) => answer,
            Err(why) => {
                self.no_place(line, why);
                Answer::Keep
            }
        }
    }

    fn no_place(&mut self, line: usize, why: NoPlace) {
        self.plan.idle.entry(line).or_insert(why.into());
    }

    /// The places that images are swapped to; without `default` lines for registries lead nowhere.
    fn note_targets(&mut self) {
        let mut held = BTreeSet::new();
        let mut dashed = BTreeSet::new();
        // Lines that can match no image lead there too.
        for line in &self.map.lines {
            match line.key() {
                Key::Exact(_) => self.plan.facts.images.extend(written_out(&line.value)),
                Key::Replace(_) if !line.value.is_empty() => held.extend(Place::of(&line.value)),
                Key::Replace(_) | Key::NoswapWildcards | Key::Default | Key::Registry(_) => {}
            }
        }
        if let Some(default) = self.parts.default {
            for line in &self.map.lines {
                let Key::Registry(key) = line.key() else { continue };
                let registry = key.split('/').next().unwrap_or_default();
                let (host, _) = split_port(registry);
                if let Ok(Answer::Swap(place)) = Answer::of(&line.value, host) {
                    held.insert(place);
                }
            }
            let value = self.value(default);
            if value.ends_with('-') {
                dashed.insert(dashed_prefix(value));
            } else if let Ok(Answer::Swap(place)) = Answer::of(value, "") {
                held.insert(place);
            }
        }
        self.plan.facts.held = held.into_iter().collect();
        self.plan.facts.dashed = dashed.into_iter().flatten().collect();
    }

    /// Whether a line is for just this registry.
    fn has_key(&self, registry: &str) -> bool {
        self.parts.names.contains(registry)
    }

    /// Where images come to rest: needed where a pattern has a wildcard in its registry.
    fn home(&mut self) {
        if !self.plan.rules.iter().any(is_open) {
            return;
        }
        // What a line moves on from there does not rest there.
        let is_moved_on = |place: &Place| place.path.is_empty() && self.has_key(&place.registry);
        let held = self.plan.facts.held.iter().filter(|place| !is_moved_on(place));
        let mut home: BTreeSet<Place> = held.cloned().collect();
        // What has a port that was handed on.
        let ported = self.plan.rules.iter().filter(|rule| rule.kind == Kind::Port);
        home.extend(
            ported
                .filter(|rule| {
                    !rule
                        .pattern
                        .canonical()
                        .is_some_and(|pattern| pattern.ends_with(":*/"))
                })
                .filter_map(|rule| rule.target.as_ref())
                .map(|(registry, _)| Place::registry(registry))
                .filter(|place| !is_moved_on(place) && !self.has_key(split_port(&place.registry).0)),
        );
        if home.is_empty() {
            // The registry that all swaps lead to would be home as a whole otherwise.
            let dashed = self.plan.facts.dashed.iter();
            home.extend(dashed.filter_map(|prefix| Place::of(&format!("{prefix}docker.io")).ok()));
        }
        if home.is_empty() {
            home.extend(
                self.plan
                    .rules
                    .iter()
                    .filter(|rule| is_open(rule))
                    .filter_map(rest_of),
            );
        }
        let all: HashSet<Place> = home.iter().cloned().collect();
        self.plan.home = home
            .iter()
            .filter(|place| !place.above().any(|above| all.contains(&above)))
            .cloned()
            .collect();
    }
}

/// Where the results of a rule come to rest.
fn rest_of(rule: &Rule) -> Option<Place> {
    let (registry, rest) = rule.target.as_ref()?;
    let path = rest
        .trim_start_matches('/')
        .rsplit_once('/')
        .map_or("", |(path, _)| path);
    // A name alone is completed.
    let is_library = rule.kind == Kind::Glob && registry == "docker.io" && path.is_empty();
    Some(Place {
        registry: registry.clone(),
        path: if is_library { "library" } else { path }.to_owned(),
    })
}

/// `h.io/mirror-`, with its registry as it is compared; for a value without a `/` the beginning of a path of Docker Hub.
fn dashed_prefix(value: &str) -> Option<String> {
    let place = Place::of(&format!("{value}a")).ok()?;
    let prefix = place.prefix();
    let prefix = prefix.strip_suffix("a/")?;
    Some(prefix.to_owned())
}

/// Whether a rule has a wildcard in its registry.
pub(crate) fn is_open(rule: &Rule) -> bool {
    rule.target.is_some()
        && match &rule.pattern {
            Pattern::Written(glob) => crate::written::is_open(glob),
            Pattern::Canonical(pattern) => pattern.split('/').next().is_some_and(|first| first.contains('*')),
        }
}

/// The ports that a host is named with somewhere, besides one that is common.
fn ports(host: &str, named: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    /// What registries have that stand behind another server.
    const COMMON: &str = "8443";
    let mut ports: BTreeSet<String> = named.get(host).cloned().unwrap_or_default();
    ports.insert(COMMON.to_owned());
    // A host without a dot is one of a development machine, as the registry of distribution is started there.
    if !host.contains('.') {
        ports.insert("5000".to_owned());
    }
    ports.remove("443");
    ports
}

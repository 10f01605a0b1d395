//! The plan for a map.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use imageswap_engine::reference::{DOCKER_HUB, OFFICIAL, canonical, split_port};
use imageswap_engine::syntax::map::Key;

use super::answer::{Answer, dashed_prefix};
use super::builder::Builder;
use super::facts::Plan;
use super::parts::{Idle, Parts};
use crate::location::Location;
use crate::map::OldMap;
use crate::rule::{Kind, Rule};

/// Returns the plan for a map. `given` has the registries of the given images.
pub(crate) fn plan_map(map: &OldMap, given: &BTreeSet<String>) -> Plan {
    let parts = Parts::new(map);
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
        let (before, after) = builder.keeps_at_targets(&globs, &[&registries, &rest]);
        let rules = &mut builder.plan.rules;
        for group in [before, globs, after, registries, rest] {
            rules.extend(group);
        }
    } else {
        let (before, after) = builder.keeps_at_targets(&globs, &[]);
        builder
            .plan
            .rules
            .extend(before.into_iter().chain(globs).chain(after));
    }
    builder.home();
    builder.plan
}

/// Returns the lines of a map without a rule, in linear time. Lines that are redundant because of others are not among
/// them.
pub(crate) fn idle_lines(map: &OldMap) -> BTreeMap<usize, Idle> {
    let parts = Parts::new(map);
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
    // A registry follows a `-`, and any registry will do here.
    let official = parts.official.map(|line| (line, DOCKER_HUB));
    let default = parts.default.map(|line| (line, "registry.example.com"));
    for (at, host) in hosts.chain(official).chain(default) {
        let answer = map.lines.get(at).map(|line| Answer::parse(&line.value, host));
        if let Some(Err(why)) = answer {
            idle.entry(at).or_insert(why.into());
        }
    }
    idle
}

impl Builder<'_> {
    /// Records the locations that images are swapped to. Without `default`, lines for registries have no effect.
    fn note_targets(&mut self) {
        let mut targets = BTreeSet::new();
        let mut hyphen_prefixes = BTreeSet::new();
        // Lines that match no image count too: an image can be at their target.
        for line in &self.map.lines {
            match line.key() {
                Key::Exact(_) => self.plan.facts.images.extend(canonical(&line.value)),
                Key::Replace(_) if !line.value.is_empty() => targets.extend(Location::parse(&line.value)),
                Key::Replace(_) | Key::NoswapWildcards | Key::Default | Key::Registry(_) => {}
            }
        }
        if let Some(default) = self.parts.default {
            for line in &self.map.lines {
                let Key::Registry(key) = line.key() else { continue };
                let registry = key.split('/').next().unwrap_or_default();
                let (host, _) = split_port(registry);
                if let Ok(Answer::Swap(location)) = Answer::parse(&line.value, host) {
                    targets.insert(location);
                }
            }
            let value = self.value(default);
            if value.ends_with('-') {
                hyphen_prefixes.insert(dashed_prefix(value));
            } else if let Ok(Answer::Swap(location)) = Answer::parse(value, "") {
                targets.insert(location);
            }
        }
        self.plan.facts.targets = targets.into_iter().collect();
        self.plan.facts.hyphen_prefixes = hyphen_prefixes.into_iter().flatten().collect();
    }

    /// Sets the home, which is needed if a pattern has a wildcard in its registry.
    fn home(&mut self) {
        if !self.plan.rules.iter().any(Rule::is_open) {
            return;
        }
        // A location is not home if another line swaps its images again.
        let is_swapped_again =
            |location: &Location| location.path.is_empty() && self.has_key(&location.registry);
        let targets = self
            .plan
            .facts
            .targets
            .iter()
            .filter(|location| !is_swapped_again(location));
        let mut home: BTreeSet<Location> = targets.cloned().collect();
        // Targets with a port that was passed to them are home too.
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
                .map(|(registry, _)| Location::registry(registry))
                .filter(|location| {
                    !is_swapped_again(location) && !self.has_key(split_port(&location.registry).0)
                }),
        );
        if home.is_empty() {
            // Without a `home` line the whole registry of all targets would be home.
            let hyphen_prefixes = self.plan.facts.hyphen_prefixes.iter();
            home.extend(
                hyphen_prefixes.filter_map(|prefix| Location::parse(&format!("{prefix}{DOCKER_HUB}")).ok()),
            );
        }
        if home.is_empty() {
            home.extend(
                self.plan
                    .rules
                    .iter()
                    .filter(|rule| rule.is_open())
                    .filter_map(home_of),
            );
        }
        let all: HashSet<Location> = home.iter().cloned().collect();
        self.plan.home = home
            .iter()
            .filter(|location| !location.above().any(|above| all.contains(&above)))
            .cloned()
            .collect();
    }
}

/// Returns the home of the results of a rule.
fn home_of(rule: &Rule) -> Option<Location> {
    let (registry, rest) = rule.target.as_ref()?;
    let path = rest
        .trim_start_matches('/')
        .rsplit_once('/')
        .map_or("", |(path, _)| path);
    // The canonical form of a single name has `library/`.
    let is_library = rule.kind == Kind::Glob && registry == DOCKER_HUB && path.is_empty();
    Some(Location {
        registry: registry.clone(),
        path: if is_library {
            OFFICIAL.trim_end_matches('/')
        } else {
            path
        }
        .to_owned(),
    })
}

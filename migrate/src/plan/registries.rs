//! Rules for lines whose key is a registry.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use imageswap_engine::analysis::samples;
use imageswap_engine::reference::{DOCKER_HUB, OFFICIAL, OFFICIAL_IMAGES, normalized, split_port};
use imageswap_engine::syntax::map::Key;

use super::answer::Answer;
use super::builder::Builder;
use super::parts::Registry;
use crate::location::Location;
use crate::map::Line;
use crate::rule::{Kind, Pattern, Rule};
use crate::written;

/// A port, to check if a host can have one.
const ANY_PORT: &str = "8443";

impl Builder<'_> {
    /// Returns the rules for registries in the order of their lines, followed by those for their ports.
    pub(super) fn registries(&mut self) -> Vec<Rule> {
        for registry in self.given {
            self.parts.note_port(registry);
        }
        let all = self.parts.registries.clone();
        let (plain, odd): (Vec<_>, Vec<_>) = all.iter().partition(|registry| registry.is_plain());
        let mut rules = Vec::new();
        // A key that is not in canonical form needs a rule over original images, before the other rules.
        for registry in odd {
            let answer = self.answer(registry.line, &registry.host);
            let pattern = written::literal(&registry.name).unwrap_or_default();
            rules.push(self.whole(
                registry,
                Pattern::Written(format!("{pattern}/*")),
                &answer,
                "{written}",
            ));
        }
        let hub = plain.iter().find(|registry| registry.name == DOCKER_HUB);
        let mut official = self.parts.official;
        for registry in &plain {
            if official.is_some_and(|line| line < registry.line || registry.name == DOCKER_HUB) {
                rules.extend(self.official(hub.copied()));
                official = None;
            }
            if registry.is_registry_by_itself() {
                let answer = self.answer(registry.line, &registry.host);
                let template = if registry.name == DOCKER_HUB {
                    "{written}"
                } else {
                    ""
                };
                let pattern = format!("{}/", registry.name);
                rules.push(self.whole(registry, pattern.into(), &answer, template));
            }
        }
        if official.is_some() {
            rules.extend(self.official(hub.copied()));
        }
        let names: HashSet<String> = all
            .iter()
            .map(|registry| normalized(&registry.name).into_owned())
            .collect();
        for registry in &plain {
            rules.extend(self.with_port(registry, &names));
        }
        rules
    }

    /// Returns the rule for all images of a registry.
    fn whole(&self, registry: &Registry, pattern: Pattern, answer: &Answer, template: &str) -> Rule {
        let rule = match answer {
            Answer::Swap(location) if *location != Location::registry(&registry.name) => Rule::swap(
                Kind::Registry,
                pattern,
                location.registry.as_str(),
                location.rest(template),
            ),
            _ => Rule::keep(Kind::Registry, pattern),
        };
        rule.with_lines([registry.line])
            .sampled(samples::of_registry(&registry.name))
            .sampled(self.same_path_samples(&registry.name, answer.location()))
    }

    /// Returns the rules for the official images of Docker Hub. A line of its own matches them if they have only a
    /// name.
    fn official(&mut self, hub: Option<&Registry>) -> Vec<Rule> {
        let Some(line) = self.parts.official else {
            return Vec::new();
        };
        let answer = self.answer(line, DOCKER_HUB);
        let mut rules = Vec::new();
        // Images with `library/` do not match that line, so the line for Docker Hub decides, or `default`.
        let pattern = Pattern::Written("library/*".to_owned());
        let rest = match hub {
            Some(hub) => Some((hub.line, self.answer(hub.line, DOCKER_HUB))),
            None => self.parts.default.map(|line| {
                for entry in self.noswap() {
                    let kept = below_library(&entry).into_iter();
                    rules.extend(kept.map(|glob| {
                        let sample = written::filled(&glob, "nginx");
                        Rule::keep(Kind::Registry, Pattern::Written(glob))
                            .with_lines(self.parts.noswap.iter().map(|(line, _)| *line))
                            .sampled(samples::tagged(sample))
                    }));
                }
                let answer = match self.is_rest_kept() || self.is_target(DOCKER_HUB) {
                    true => Answer::Keep,
                    false => self.answer(line, DOCKER_HUB),
                };
                (line, answer)
            }),
        };
        if let Some((line, answer)) = rest {
            rules.push(
                rule_for_hub(pattern, &answer)
                    .with_lines([line])
                    .sampled(samples::with_library()),
            );
        }
        let rule = rule_for_hub(format!("{OFFICIAL_IMAGES}/*"), &answer);
        rules.push(
            rule.when_unqualified()
                .with_lines([line])
                .sampled(samples::official()),
        );
        rules
    }

    /// Returns the rules for a registry with a port. The line without a port matches them if no line has that port.
    fn with_port(&mut self, registry: &Registry, names: &HashSet<String>) -> Vec<Rule> {
        let (line, host) = (registry.line, registry.name.as_str());
        // Docker Hub has only its default port.
        if registry.port.is_some() || host == DOCKER_HUB {
            return Vec::new();
        }
        let value = self.value(line).to_owned();
        if !hands_on_port(host, &value) {
            let answer = self.answer(line, host);
            let location = answer.location();
            // The port of a value, even the default one, replaces the port of the image.
            let is_same = split_port(&value).1.is_none() && normalized(&value) == host;
            let rule = match location.filter(|_| !is_same) {
                Some(location) => Rule::swap(
                    Kind::Port,
                    format!("{host}:*/"),
                    location.registry.as_str(),
                    location.rest(""),
                ),
                None => Rule::keep(Kind::Port, format!("{host}:*/")),
            };
            let ports = ["8443", "5000"].map(|port| samples::app_at(&format!("{host}:{port}")));
            let below = self.same_path_samples(&format!("{host}:{ANY_PORT}"), location);
            return vec![rule.with_lines([line]).sampled(ports).sampled(below)];
        }
        self.plan.facts.handed_on.insert(host.to_owned());
        let ports = ports(host, &self.parts.ports).into_iter();
        ports
            .filter(|port| !names.contains(&format!("{host}:{port}")))
            .map(|port| {
                let registry = normalized(&format!("{value}:{port}")).into_owned();
                let rule = match registry == format!("{host}:{port}") {
                    true => Rule::keep(Kind::Port, format!("{host}:{port}/")),
                    false => Rule::swap(Kind::Port, format!("{host}:{port}/"), registry, "/"),
                };
                rule.with_lines([line])
                    .sampled([samples::app_at(&format!("{host}:{port}"))])
            })
            .collect()
    }

    /// Returns sample images of a registry that have the path of its target, but are not at the target, or whose
    /// results are at another target.
    fn same_path_samples(&self, registry: &str, location: Option<&Location>) -> Vec<String> {
        /// Maximum number of other targets below the target of a registry.
        const MAX_SAMPLES: usize = 3;
        let Some(location) = location else {
            return Vec::new();
        };
        let own = (!location.path.is_empty()).then_some(location.path.as_str());
        let targets = &self.plan.facts.targets;
        let first = targets.partition_point(|other| other <= location);
        let others = targets.get(first..).unwrap_or_default().iter();
        let begin_alike = others.take_while(|other| {
            other.registry == location.registry && other.path.starts_with(&location.path)
        });
        let below = begin_alike.filter_map(|other| match location.path.as_str() {
            "" => Some(other.path.as_str()),
            path => other.path.strip_prefix(path)?.strip_prefix('/'),
        });
        own.into_iter()
            .chain(below.take(MAX_SAMPLES))
            .map(|path| samples::in_path(registry, path))
            .collect()
    }

    /// Returns true if a line matches all images of a registry in this form.
    pub(super) fn is_named(&self, registry: &str) -> bool {
        let (host, _) = split_port(registry);
        [registry, host]
            .iter()
            .any(|name| self.parts.names.contains(*name))
    }
}

/// Returns true if a line passes the port of an image to its target. False if the target has the same host or if the
/// result is not a valid image, because then the port makes no difference.
pub(crate) fn hands_on_port(key: &str, value: &str) -> bool {
    let is_bare = !value.is_empty() && !value.contains(['/', ':']) && !value.ends_with('-');
    // Docker Hub has only its default port.
    let has_others = key != DOCKER_HUB && split_port(key).1.is_none() && normalized(key) == key;
    is_bare
        && has_others
        && normalized(value) != key
        && Location::parse(&format!("{value}:{ANY_PORT}")).is_ok()
}

/// Returns the location that a line swaps a whole registry to. `None` if the key is not in canonical form, or if it is
/// that location.
pub(crate) fn location_of_registry(line: &Line) -> Option<Location> {
    let Key::Registry(key) = line.key() else {
        return None;
    };
    if key.contains(['/', '[']) || normalized(key) != key {
        return None;
    }
    match Answer::parse(&line.value, split_port(key).0).ok()? {
        Answer::Swap(location) => (location != Location::registry(key)).then_some(location),
        Answer::Keep => None,
    }
}

/// Returns a rule for images of Docker Hub. It is a `keep` if the target is Docker Hub, because the result is the same
/// image.
fn rule_for_hub(pattern: impl Into<Pattern>, answer: &Answer) -> Rule {
    match answer
        .location()
        .filter(|location| **location != Location::registry(DOCKER_HUB))
    {
        Some(location) => {
            let rest = location.rest("{written}");
            Rule::swap(Kind::Registry, pattern, location.registry.as_str(), rest)
        }
        None => Rule::keep(Kind::Registry, pattern),
    }
}

/// Returns globs for images that begin with `library/` and contain an entry of `noswap_wildcards`.
fn below_library(entry: &str) -> Vec<String> {
    let Some(entry_glob) = written::literal(entry) else {
        return Vec::new();
    };
    if OFFICIAL.contains(entry) {
        return vec![format!("{OFFICIAL}*")];
    }
    // An entry may begin within `library/` and end after it.
    let overlaps = (1..OFFICIAL.len())
        .filter_map(|length| entry.strip_prefix(OFFICIAL.get(OFFICIAL.len() - length..)?))
        .chain(entry.strip_prefix(OFFICIAL));
    let mut globs = vec![format!("{OFFICIAL}*{entry_glob}*")];
    globs.extend(
        overlaps
            .filter_map(written::literal)
            .map(|rest| format!("{OFFICIAL}{rest}*")),
    );
    globs
}

/// Returns the ports that the map and the given images have for a host, and common ports.
fn ports(host: &str, named: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    /// Port of many registries behind another server.
    const COMMON: &str = "8443";
    let mut ports: BTreeSet<String> = named.get(host).cloned().unwrap_or_default();
    ports.insert(COMMON.to_owned());
    // A host without a dot is usually on a development machine, and 5000 is the default port of distribution.
    if !host.contains('.') {
        ports.insert("5000".to_owned());
    }
    ports.remove("443");
    ports
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entry_may_overlap_the_end_of_library() {
        assert_eq!(below_library("quay"), ["library/*quay*"]);
        assert_eq!(below_library("rar"), ["library/*"]);
        assert_eq!(below_library("y/ng"), ["library/*y/ng*", "library/ng*"]);
    }
}

//! Rules for images that no line names: `noswap_wildcards` and `default`.

use std::collections::BTreeSet;

use imageswap_engine::analysis::samples;
use imageswap_engine::reference::{DOCKER_HUB, normalized, split_port, split_registry};

use super::answer::{Answer, dashed_prefix};
use super::builder::Builder;
use super::parts::Idle;
use crate::location::{Location, is_registry};
use crate::rule::{Kind, Pattern, Rule};
use crate::written;

impl Builder<'_> {
    /// Returns the rules for kept images, followed by the rules for all others.
    pub(super) fn rest(&mut self) -> Vec<Rule> {
        let Some(line) = self.parts.default else {
            return Vec::new();
        };
        if self.is_rest_kept() {
            let entries = self.parts.noswap.iter();
            let empty = entries.filter(|(_, entries)| entries.iter().any(String::is_empty));
            self.plan
                .idle
                .extend(empty.map(|(line, _)| (*line, Idle::EmptyEntry)));
            return Vec::new();
        }
        let mut rules = self.kept();
        let value = self.value(line).to_owned();
        match (value.ends_with('-'), value.contains('/')) {
            (true, true) => rules.extend(self.hyphen_rules(line, &value)),
            (true, false) => rules.extend(self.on_registry(line, &value)),
            (false, _) => {
                if let Answer::Swap(location) = self.answer(line, "") {
                    let rest = location.rest("{written}");
                    rules.push(self.all(line, location.registry, rest));
                }
            }
        }
        rules
    }

    /// Returns the entries of `noswap_wildcards`.
    pub(super) fn noswap(&self) -> Vec<String> {
        self.parts
            .noswap
            .iter()
            .flat_map(|(_, entries)| entries.clone())
            .collect()
    }

    /// Returns true if the map keeps all images that no line names.
    pub(super) fn is_rest_kept(&self) -> bool {
        let default = self.parts.default.map_or("", |line| self.value(line));
        default.is_empty() || self.noswap().iter().any(String::is_empty)
    }

    fn kept(&self) -> Vec<Rule> {
        let Some((line, entries)) = &self.parts.noswap else {
            return Vec::new();
        };
        let mut known = BTreeSet::new();
        let entries = entries.iter().filter(|entry| known.insert(entry.as_str()));
        entries
            .filter_map(|entry| Some((entry, written::literal(entry)?)))
            .map(|(entry, glob)| {
                Rule::keep(Kind::Noswap, Pattern::Written(format!("*{glob}*")))
                    .with_lines([*line])
                    .sampled(samples::containing(entry))
            })
            .collect()
    }

    fn all(&self, line: usize, registry: impl Into<String>, rest: impl Into<String>) -> Rule {
        Rule::swap(Kind::Default, "**", registry, rest)
            .with_lines([line])
            .sampled(samples::of_others())
    }

    /// Returns the rules for a value such as `h.io/mirror-`: the registry follows it, and then the original image.
    fn hyphen_rules(&mut self, line: usize, value: &str) -> Vec<Rule> {
        let Some(location) = dashed_prefix(value) else {
            self.invalid_value(line, crate::location::LocationError::Invalid);
            return Vec::new();
        };
        let (registry, path) = location.split_once('/').unwrap_or((&location, ""));
        let mut rules = Vec::new();
        if !self.is_named(DOCKER_HUB) && !self.is_target(DOCKER_HUB) {
            let rest = format!("/{path}{DOCKER_HUB}/{{written}}");
            let rule = Rule::swap(Kind::Default, format!("{DOCKER_HUB}/"), registry, rest);
            rules.push(
                rule.when_unqualified()
                    .with_lines([line])
                    .sampled(samples::unqualified()),
            );
        }
        rules.push(self.all(line, registry, format!("/{path}{{host}}/{{host}}/{{written}}")));
        rules
    }

    /// Returns the rules for a value such as `myorg-`: the registry that follows becomes a part of the new registry. A
    /// rule can express that only for a registry that it names.
    fn on_registry(&mut self, line: usize, value: &str) -> Vec<Rule> {
        let mut names = self.parts.named.clone();
        // `quay.io:443` is `quay.io`, which a line for the one does not name.
        let keys = self.parts.registries.iter().filter(|key| !key.is_plain());
        names.extend(keys.map(|key| normalized(&key.name).into_owned()));
        // A line for one port of a host does not match the other images of the host.
        let ported = self.parts.registries.iter().filter(|key| key.port.is_some());
        names.extend(ported.map(|key| normalized(&key.host).into_owned()));
        names.extend(
            self.given
                .iter()
                .map(|registry| normalized(registry).into_owned()),
        );
        let values = self.map.lines.iter().map(|line| line.value.as_str());
        let registries = values.filter_map(|value| split_registry(value).0);
        names.extend(registries.map(|registry| normalized(registry).into_owned()));
        names.extend(
            self.plan
                .facts
                .targets
                .iter()
                .map(|location| location.registry.clone()),
        );
        names.extend(
            self.plan
                .facts
                .images
                .iter()
                .filter_map(|image| Some(image.split_once('/')?.0.to_owned())),
        );
        names.insert(DOCKER_HUB.to_owned());
        // Registries that begin with the value are targets.
        names.retain(|name| {
            is_registry(name) && !name.starts_with(value) && !self.is_named(name) && !self.is_target(name)
        });
        let mut rules = Vec::new();
        for registry in &names {
            let (host, _) = split_port(registry);
            let Ok(location) = Location::parse(&format!("{value}{host}")) else {
                continue;
            };
            let target = |template: &str| (location.registry.clone(), location.rest(template));
            if registry == DOCKER_HUB {
                let (to, rest) = target("{written}");
                let rule = Rule::swap(Kind::Default, format!("{DOCKER_HUB}/"), to, rest);
                rules.push(
                    rule.when_unqualified()
                        .with_lines([line])
                        .sampled(samples::unqualified()),
                );
                let (to, rest) = target(&format!("{DOCKER_HUB}/{{written}}"));
                rules.push(
                    Rule::swap(Kind::Default, format!("{DOCKER_HUB}/"), to, rest)
                        .with_lines([line])
                        .sampled(samples::of_hub()),
                );
            } else {
                let (to, rest) = target(&format!("{host}/"));
                let rule = Rule::swap(Kind::Default, format!("{registry}/"), to, rest);
                rules.push(rule.with_lines([line]).sampled(samples::of_registry(registry)));
            }
        }
        self.plan.facts.on_registry = Some(names);
        rules
    }

    /// Returns true if a whole registry is a target.
    pub(super) fn is_target(&self, registry: &str) -> bool {
        let targets = &self.plan.facts.targets;
        targets
            .binary_search_by(|location| {
                (location.registry.as_str(), location.path.as_str()).cmp(&(registry, ""))
            })
            .is_ok()
    }
}

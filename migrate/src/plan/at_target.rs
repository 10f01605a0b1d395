//! Rules that keep images at their target, if a later rule would swap them again and the map would not.

use std::collections::{BTreeSet, HashMap};

use imageswap_engine::analysis::samples;
use imageswap_engine::reference::DOCKER_HUB;

use super::builder::Builder;
use crate::location::Location;
use crate::rule::{Kind, Rule};
use crate::written::{self, Starts};

impl Builder<'_> {
    /// Returns the rules before the globs, and those after them.
    pub(super) fn keeps_at_targets(&self, globs: &[Rule], others: &[&Vec<Rule>]) -> (Vec<Rule>, Vec<Rule>) {
        let (mut before, mut behind) = (Vec::new(), Vec::new());
        // The registries that a value such as `myorg-` produces.
        let has_no_path = self.plan.facts.on_registry.is_some();
        let rest = others.iter().flat_map(|rules| rules.iter());
        let within_registries: BTreeSet<&str> = rest
            .filter(|rule| has_no_path && rule.kind == Kind::Default)
            .filter_map(|rule| Some(rule.target.as_ref()?.0.as_str()))
            // On Docker Hub the value becomes a part of the path.
            .filter(|registry| *registry != DOCKER_HUB)
            .collect();
        // A glob with the target Docker Hub can return images to their source.
        let back: Vec<&str> = globs
            .iter()
            .filter(|rule| rule.target.as_ref().is_some_and(|(to, _)| to == DOCKER_HUB))
            .filter_map(glob_of)
            .collect();
        let may_return = |prefix: &str| {
            back.iter().any(|glob| {
                !written::fixed_start(glob).starts_with(prefix) && written::may_begin(glob, prefix)
            })
        };
        let others = ByRegistry::new(others.iter().flat_map(|rules| rules.iter()));
        let starts = Starts::new(globs.iter().filter_map(glob_of));
        let mut by_start: ByStart<'_> = HashMap::new();
        for rule in globs.iter().filter(|rule| !rule.is_open()) {
            let start = glob_of(rule).map(written::fixed_start).unwrap_or_default();
            by_start.entry(start).or_default().push(rule);
        }
        let images: BTreeSet<&String> = self.plan.facts.images.iter().collect();
        for image in images {
            let pattern = if image
                .rsplit('/')
                .next()
                .is_some_and(|name| name.contains([':', '@']))
            {
                image.clone()
            } else {
                // The kubelet treats an image without a tag as `:latest`.
                format!("{image}:latest")
            };
            before.push(Rule::keep(Kind::AtTarget, pattern).sampled([image.clone()]));
        }
        for location in &self.plan.facts.targets {
            if !self.may_be_swapped_again(location, &by_start, &others) {
                continue;
            }
            let prefix = location.prefix();
            let rule = Rule::keep(Kind::AtTarget, prefix.as_str()).sampled(samples::below(&prefix));
            // A glob that names this location is meant to swap its images.
            if starts.are_for(&prefix) {
                behind.push(rule);
            } else {
                before.push(rule);
            }
        }
        for prefix in &self.plan.facts.hyphen_prefixes {
            let sample = samples::mirrored_below(prefix);
            let rule = Rule::keep(Kind::AtTarget, format!("{prefix}*/")).sampled([sample]);
            if may_return(prefix) {
                before.push(rule);
            } else {
                behind.push(rule);
            }
        }
        for registry in within_registries {
            let prefix = format!("{registry}/");
            if may_return(&prefix) {
                let sample = samples::app_at(registry);
                before.push(Rule::keep(Kind::AtTarget, prefix).sampled([sample]));
            }
        }
        (before, behind)
    }

    /// Returns true if a rule may swap images at a target again.
    fn may_be_swapped_again(
        &self,
        location: &Location,
        globs: &ByStart<'_>,
        others: &ByRegistry<'_>,
    ) -> bool {
        let prefix = location.prefix();
        if location.path.is_empty() && self.has_key(&location.registry) {
            return false;
        }
        // A glob that begins with the whole prefix is meant to swap its images.
        let starts = (0..prefix.len()).filter_map(|end| prefix.get(..end));
        let by_glob = starts
            .filter_map(|start| globs.get(start))
            .flatten()
            .filter(|rule| !leads_to(rule, location))
            .any(|rule| glob_of(rule).is_some_and(|glob| written::may_begin(glob, &prefix)));
        let by_other = others
            .below(location, &prefix)
            .any(|rule| rule.target.is_some() && !rule.is_open() && !leads_to(rule, location));
        by_glob || by_other
    }
}

/// Globs by their fixed start.
type ByStart<'r> = HashMap<&'r str, Vec<&'r Rule>>;

/// Rules by the registry of their pattern, and rules over original images.
struct ByRegistry<'r> {
    literal: HashMap<&'r str, Vec<&'r Rule>>,
    written: Vec<&'r Rule>,
}

impl<'r> ByRegistry<'r> {
    fn new(rules: impl Iterator<Item = &'r Rule>) -> Self {
        let (written, literal): (Vec<&Rule>, Vec<&Rule>) = rules.partition(|rule| glob_of(rule).is_some());
        let mut by_registry: HashMap<&str, Vec<&Rule>> = HashMap::new();
        for rule in literal {
            let pattern = rule.pattern.canonical().unwrap_or_default();
            let (registry, _) = pattern.split_once('/').unwrap_or_default();
            by_registry.entry(registry).or_default().push(rule);
        }
        Self {
            literal: by_registry,
            written,
        }
    }

    /// Returns the rules that may match below a location.
    fn below<'s>(&'s self, location: &Location, prefix: &'s str) -> impl Iterator<Item = &'r Rule> + 's {
        let written = self.written.iter().copied();
        let written =
            written.filter(move |rule| glob_of(rule).is_some_and(|glob| written::may_begin(glob, prefix)));
        let literal = self.literal.get(location.registry.as_str());
        literal.into_iter().flatten().copied().chain(written)
    }
}

fn glob_of(rule: &Rule) -> Option<&str> {
    rule.pattern.glob()
}

/// Returns true if a location is exactly the target of a rule, so its images are the own images of the rule.
fn leads_to(rule: &Rule, location: &Location) -> bool {
    let target = rule.target.as_ref();
    target.is_some_and(|(registry, rest)| {
        *registry == location.registry && (*rest == location.rest("") || *rest == location.rest("{written}"))
    })
}

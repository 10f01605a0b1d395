//! Rules that keep what has arrived, where a rule below would move it on and the map would not.

use std::collections::{BTreeSet, HashMap};

use imageswap_engine::analysis::samples;
use imageswap_engine::reference::DOCKER_HUB;

use super::builder::Builder;
use crate::place::Place;
use crate::rule::{Kind, Rule};
use crate::written::{self, Starts};

impl Builder<'_> {
    /// What stands before the globs, and what stands behind them.
    pub(super) fn arrived(&self, globs: &[Rule], others: &[&Vec<Rule>]) -> (Vec<Rule>, Vec<Rule>) {
        let (mut before, mut behind) = (Vec::new(), Vec::new());
        // Where a value such as `myorg-` leads to.
        let has_no_path = self.plan.facts.on_registry.is_some();
        let rest = others.iter().flat_map(|rules| rules.iter());
        let within_registries: BTreeSet<&str> = rest
            .filter(|rule| has_no_path && rule.kind == Kind::Default)
            .filter_map(|rule| Some(rule.target.as_ref()?.0.as_str()))
            // There it becomes a part of the path.
            .filter(|registry| *registry != DOCKER_HUB)
            .collect();
        // A glob that leads to Docker Hub sends images back to where they have come from.
        let back: Vec<&str> = globs
            .iter()
            .filter(|rule| rule.target.as_ref().is_some_and(|(to, _)| to == DOCKER_HUB))
            .filter_map(glob_of)
            .collect();
        let leads_back = |prefix: &str| {
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
                // The one without a tag, which the kubelet takes for this one.
                format!("{image}:latest")
            };
            before.push(Rule::keep(Kind::Arrived, pattern).sampled([image.clone()]));
        }
        for place in &self.plan.facts.held {
            if !self.is_at_risk(place, &by_start, &others) {
                continue;
            }
            let prefix = place.prefix();
            let rule = Rule::keep(Kind::Arrived, prefix.as_str()).sampled(samples::below(&prefix));
            // A glob for just this place is there to move its images on.
            if starts.are_for(&prefix) {
                behind.push(rule);
            } else {
                before.push(rule);
            }
        }
        for prefix in &self.plan.facts.dashed {
            let sample = samples::mirrored_below(prefix);
            let rule = Rule::keep(Kind::Arrived, format!("{prefix}*/")).sampled([sample]);
            if leads_back(prefix) {
                before.push(rule);
            } else {
                behind.push(rule);
            }
        }
        for registry in within_registries {
            let prefix = format!("{registry}/");
            if leads_back(&prefix) {
                let sample = samples::app_at(registry);
                before.push(Rule::keep(Kind::Arrived, prefix).sampled([sample]));
            }
        }
        (before, behind)
    }

    /// Whether a rule may move on what is below a place that images are swapped to.
    fn is_at_risk(&self, place: &Place, globs: &ByStart<'_>, others: &ByRegistry<'_>) -> bool {
        let prefix = place.prefix();
        if place.path.is_empty() && self.has_key(&place.registry) {
            return false;
        }
        // One that begins with all of the prefix is there to move its images on.
        let starts = (0..prefix.len()).filter_map(|end| prefix.get(..end));
        let by_glob = starts
            .filter_map(|start| globs.get(start))
            .flatten()
            .filter(|rule| !leads_to(rule, place))
            .any(|rule| glob_of(rule).is_some_and(|glob| written::may_begin(glob, &prefix)));
        let by_other = others
            .below(place, &prefix)
            .any(|rule| rule.target.is_some() && !rule.is_open() && !leads_to(rule, place));
        by_glob || by_other
    }
}

/// Globs by what is fixed at their start.
type ByStart<'r> = HashMap<&'r str, Vec<&'r Rule>>;

/// Rules by the registry of their pattern, and those over images as they are spelled.
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

    /// Those that may match below a place.
    fn below<'s>(&'s self, place: &Place, prefix: &'s str) -> impl Iterator<Item = &'r Rule> + 's {
        let written = self.written.iter().copied();
        let written =
            written.filter(move |rule| glob_of(rule).is_some_and(|glob| written::may_begin(glob, prefix)));
        let literal = self.literal.get(place.registry.as_str());
        literal.into_iter().flatten().copied().chain(written)
    }
}

fn glob_of(rule: &Rule) -> Option<&str> {
    rule.pattern.glob()
}

/// Whether a rule leads to just this place, so that its own shape keeps what is there.
fn leads_to(rule: &Rule, place: &Place) -> bool {
    let target = rule.target.as_ref();
    target.is_some_and(|(registry, rest)| {
        *registry == place.registry && (*rest == place.rest("") || *rest == place.rest("{written}"))
    })
}

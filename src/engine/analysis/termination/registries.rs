//! The coarse step of the termination check: the swaps that may be in a cycle, by the registries that they match and
//! target.

use std::collections::HashMap;

use super::graph::Graph;
use super::part::Part;
use crate::analysis::languages::BUDGET;
use crate::automaton::{Bytes, Language, witness};
use crate::rules::pattern::{Pattern, match_glob};
use crate::rules::rule::Rule;
use crate::rules::target::Target;
use crate::rules::template::has_placeholder;
use crate::syntax::ast::Action;

/// Target registries of swaps. One with captures is a glob.
struct Registries<'r> {
    names: Vec<&'r str>,
    /// Literal registries, by name.
    literal: HashMap<&'r str, usize>,
    /// Positions of the globs.
    globs: Vec<usize>,
    /// Literal registries that are not wholly at home: an open pattern can match images of them.
    away: Vec<usize>,
}

/// Returns the swaps that may be in a cycle: those from one registry to another within a cycle of registries.
pub(super) fn suspects(part: Part<'_>) -> Vec<usize> {
    let swaps: Vec<(usize, &Rule)> = part
        .rules()
        .filter(|(_, rule)| rule.action == Action::Swap)
        .collect();
    let registries = Registries::new(part, &swaps);
    let mut graph = Graph::new(registries.names.len());
    // For each swap: its position, the registries that it matches, and its target's.
    let mut ways: Vec<(usize, Vec<usize>, usize)> = Vec::new();
    for (number, rule) in &swaps {
        let Some(to) = registry_of(rule).and_then(|registry| registries.place(registry)) else {
            continue;
        };
        // Such a swap matches original images only, so no result leads to it.
        if rule
            .conditions(&part.set.files)
            .any(crate::rules::condition::Condition::is_first_round_only)
        {
            continue;
        }
        let from = registries.sources(&rule.pattern);
        for from in &from {
            graph.add(*from, to);
        }
        if !from.is_empty() {
            ways.push((*number, from, to));
        }
    }
    // Sorted lists without repetitions keep the search linear in the number of different edges.
    for edges in &mut graph.edges {
        edges.sort_unstable();
        edges.dedup();
    }
    let component = graph.components();
    let is_within = |from: usize, to: usize| component.get(from) == component.get(to);
    // Only edges within a component can be part of a cycle.
    ways.retain(|(_, from, to)| from.iter().any(|from| is_within(*from, *to)));
    ways.into_iter().map(|(number, ..)| number).collect()
}

fn registry_of(rule: &Rule) -> Option<&str> {
    rule.target.as_ref().map(Target::registry)
}

impl<'r> Registries<'r> {
    fn new(part: Part<'r>, swaps: &[(usize, &'r Rule)]) -> Self {
        let mut registries = Self {
            names: Vec::new(),
            literal: HashMap::new(),
            globs: Vec::new(),
            away: Vec::new(),
        };
        for registry in swaps.iter().filter_map(|(_, rule)| registry_of(rule)) {
            let next = registries.names.len();
            let place = *registries.literal.entry(registry).or_insert(next);
            if place < next {
                continue;
            }
            registries.names.push(registry);
            if has_placeholder(registry) {
                registries.globs.push(next);
            } else {
                let is_home = part
                    .set
                    .home
                    .iter()
                    .any(|prefix| prefix.strip_suffix('/') == Some(registry));
                // An open pattern never matches images at home, so it needs no edge from there.
                if !is_home {
                    registries.away.push(next);
                }
            }
        }
        registries
    }

    fn place(&self, registry: &str) -> Option<usize> {
        self.literal.get(registry).copied()
    }

    /// Returns the registries whose images a swap may match in a later round, except those that its guard `home`
    /// excludes.
    fn sources(&self, pattern: &Pattern) -> Vec<usize> {
        let registry = match pattern {
            Pattern::Parts(parts) => parts.registry(),
            Pattern::Written(written) => match written.text.split_once('/') {
                Some((registry, _)) if !registry.contains(['?', '[']) => registry,
                // The fine step reads sets and single characters; here they count as any registry.
                _ if pattern.is_open() => "**",
                // A result has a registry, and so a `/`, which this pattern does not match.
                _ => return Vec::new(),
            },
        };
        // A `*` of a glob over the original image may match a `/` and more.
        let is_any = registry == "**" || matches!(pattern, Pattern::Written(_)) && registry.contains('*');
        if !registry.contains('*') {
            let globs = self
                .globs
                .iter()
                .copied()
                .filter(|glob| self.glob_may_be(*glob, registry));
            return self.place(registry).into_iter().chain(globs).collect();
        }
        let literal = self.away.iter().copied().filter(|place| {
            is_any
                || self
                    .names
                    .get(*place)
                    .is_some_and(|name| match_glob(registry, name))
        });
        let globs = self
            .globs
            .iter()
            .copied()
            .filter(|glob| is_any || self.glob_may_be(*glob, registry));
        literal.chain(globs).collect()
    }

    /// Returns true if a registry with captures may produce one that a pattern's registry matches.
    fn glob_may_be(&self, glob: usize, registry: &str) -> bool {
        let Some(name) = self.names.get(glob) else {
            return false;
        };
        let open = |text: &str| Language::glob(&braces_as_stars(text), Bytes::all().except(b"/"));
        !matches!(witness(&[&open(name), &open(registry)], &[], BUDGET), Ok(None))
    }
}

fn braces_as_stars(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, from)) = rest.split_once('{') {
        out.push_str(before);
        out.push('*');
        rest = from.split_once('}').map_or("", |(_, behind)| behind);
    }
    out.push_str(rest);
    out
}

//! The fine step of the termination check: the swaps that lead to one another, pattern by pattern.

use std::collections::HashMap;

use super::graph::Graph;
use super::part::Part;
use super::required::Required;
use super::trie::Trie;
use crate::analysis::languages::{self, BUDGET};
use crate::automaton::{Exhausted, Language, witness, witness_within};
use crate::diagnostic::Diagnostic;
use crate::rules::condition::{Condition, contradiction, exclude_each_other};
use crate::rules::index::{literal_segments, shape_prefix};
use crate::rules::pattern::Pattern;
use crate::rules::rule::Rule;
use crate::rules::target::Target;
use crate::syntax::ast::Action;

/// Maximum number of compared pairs. An ordinary set of 100,000 rules has none, or a few for each rule.
const MAX_PAIRS: usize = 2_000_000;
/// Maximum work of all comparisons, in steps (some take a nanosecond). Each swap adds to it.
const WORK: usize = 200_000_000;
const WORK_OF_A_SWAP: usize = 2_000;

/// Swaps that may be in a cycle, and the edges between them.
pub(super) struct Steps<'r> {
    part: Part<'r>,
    pub(super) swaps: Vec<Swap<'r>>,
    pub(super) graph: Graph,
    always: Always,
    /// For each swap, the number of pairs with it that were compared.
    pub(super) pairs: Vec<usize>,
}

pub(super) struct Swap<'r> {
    /// Position of the rule in the set.
    pub(super) number: usize,
    pub(super) rule: &'r Rule,
    pub(super) target: &'r Target,
    /// The registry and literal segments that every result begins with.
    pub(super) prefix: String,
}

/// Languages that every comparison needs.
struct Always {
    valid: Language,
    short_hub: Language,
}

impl<'r> Steps<'r> {
    /// Compares the swaps that may lead to one another.
    pub(super) fn new(part: Part<'r>, suspects: Vec<usize>) -> Result<Self, Box<Diagnostic>> {
        let swaps: Vec<Swap<'r>> = suspects
            .into_iter()
            .filter_map(|number| {
                let rule = part.rule(number)?;
                let target = rule.target.as_ref()?;
                // A rule that never matches leads to no other rule, and no rule leads to it.
                if contradiction(rule.conditions(&part.set.files)).is_some() {
                    return None;
                }
                Some(Swap {
                    number,
                    rule,
                    target,
                    prefix: prefix_of(target),
                })
            })
            .collect();
        let mut steps = Self {
            part,
            graph: Graph::new(swaps.len()),
            pairs: vec![0; swaps.len()],
            swaps,
            always: Always {
                valid: languages::valid(),
                short_hub: languages::short_hub(),
            },
        };
        steps.compare()?;
        Ok(steps)
    }

    fn compare(&mut self) -> Result<(), Box<Diagnostic>> {
        // The order determines which cycle a finding shows.
        let pattern = |place: &usize| self.swaps.get(*place).map(|swap| &swap.rule.pattern);
        let mut order: Vec<usize> = (0..self.swaps.len()).collect();
        order.sort_by_cached_key(|place| (pattern(place).map(beginning), *place));
        let files = &self.part.set.files;
        let required = |rule: &'r Rule| Required::of(rule.conditions(files));
        let rules = order.iter().filter_map(|place| self.swaps.get(*place));
        let rules: Vec<_> = rules
            .map(|swap| (&swap.rule.pattern, required(swap.rule)))
            .collect();
        let trie = Trie::with_required(&rules);
        let (mut pairs, mut work) = (0, WORK + WORK_OF_A_SWAP * self.swaps.len());
        for one in 0..self.swaps.len() {
            let Some(swap) = self.swaps.get(one) else { continue };
            let mut languages = None;
            let mut to = Vec::new();
            let alike = trie.alike_in(&swap.rule.pattern, swap.target, &required(swap.rule));
            for other in alike.into_iter().filter_map(|alike| order.get(alike).copied()) {
                pairs += 1;
                if pairs > MAX_PAIRS || work == 0 {
                    return Err(Box::new(self.unproven(swap)));
                }
                let Some(next) = self.swaps.get(other) else {
                    continue;
                };
                // A swap never matches its own results, so it cannot lead to itself in one step.
                if other == one || self.is_excluded(swap.rule, next.rule) {
                    continue;
                }
                for swap in [one, other] {
                    self.pairs.get_mut(swap).into_iter().for_each(|pairs| *pairs += 1);
                }
                let (results, home) =
                    // Computed only if there is a pair to compare, which most swaps do not have.
                    languages.get_or_insert_with(|| (results_of(swap), self.home_near(swap)));
                match self.example(results, home, next, &mut work) {
                    Ok(None) => {}
                    Ok(Some(_)) => to.push(other),
                    // The search gave up, so assume that it leads there: an unproven set is rejected.
                    Err(Exhausted) => {
                        to.push(other);
                        work = work.saturating_sub(BUDGET);
                    }
                }
            }
            for other in to {
                self.graph.add(one, other);
            }
        }
        Ok(())
    }

    fn is_excluded(&self, one: &Rule, other: &Rule) -> bool {
        let files = &self.part.set.files;
        other.conditions(files).any(Condition::is_first_round_only)
            || exclude_each_other(one.conditions(files), other.conditions(files))
    }

    /// Returns a result that the next swap matches and its guards do not exclude.
    fn example(
        &self,
        results: &Language,
        home: &Language,
        next: &Swap<'_>,
        work: &mut usize,
    ) -> Result<Option<String>, Exhausted> {
        let pattern = languages::of_pattern(&next.rule.pattern);
        let own = languages::of_shape(next.target);
        let mut none = vec![&own, &self.always.short_hub];
        if next.rule.pattern.is_open() {
            none.push(home);
        }
        witness_within(&[results, &pattern, &self.always.valid], &none, BUDGET, work)
    }

    /// Returns a result of the first swap that the second one matches; `None` if the search gives up.
    pub(super) fn example_of(&self, one: usize, other: usize) -> Option<String> {
        let (one, other) = (self.swaps.get(one)?, self.swaps.get(other)?);
        // An example is for a message, after the check, so it has a limit of its own.
        let mut work = WORK;
        self.example(&results_of(one), &self.home_near(one), other, &mut work)
            .ok()
            .flatten()
    }

    /// Returns the names at home that may be results of a swap: few of many prefixes are similar to it.
    fn home_near(&self, swap: &Swap<'_>) -> Language {
        let home = self.part.set.home.iter();
        languages::at_home(home.filter(|prefix| are_alike(&swap.prefix, prefix.trim_end_matches('/'))))
    }

    /// Removes the steps after an unconditional `keep` or `deny` that covers all results of a swap. Only swaps in
    /// cycles are examined.
    pub(super) fn cut_at_covers(&mut self) {
        let component = self.graph.components();
        let mut members: HashMap<u32, usize> = HashMap::new();
        for component in &component {
            *members.entry(*component).or_default() += 1;
        }
        // Nodes outside of cycles end anyway, and this comparison is the most expensive one.
        let in_cycles: Vec<usize> = (0..self.swaps.len())
            .filter(|swap| {
                component
                    .get(*swap)
                    .and_then(|component| members.get(component))
                    .is_some_and(|count| *count > 1)
            })
            .collect();
        if in_cycles.is_empty() {
            return;
        }
        let stops: Vec<(usize, &Rule)> = self
            .part
            .rules()
            .filter(|(_, rule)| {
                matches!(rule.action, Action::Keep | Action::Deny) && self.part.is_unconditional(rule)
            })
            .collect();
        let beginnings = Beginnings::new(stops.iter().map(|(_, rule)| beginning(&rule.pattern)));
        for one in in_cycles {
            let Some(swap) = self.swaps.get(one) else { continue };
            let results = results_of(swap);
            // A pattern that covers all of them begins no later than they do.
            let first = beginnings
                .shorter(&swap.prefix)
                .filter_map(|stop| stops.get(stop))
                .filter(|(_, stop)| self.covers(stop, &results))
                .map(|(number, _)| *number)
                .min();
            let Some(first) = first else { continue };
            let swaps = &self.swaps;
            if let Some(edges) = self.graph.edges.get_mut(one) {
                edges.retain(|other| {
                    // Rules above the stop still see the results; only those below it do not.
                    swaps
                        .get(*other as usize)
                        .is_some_and(|other| other.number < first)
                });
            }
        }
    }

    /// Returns true if the pattern of a rule matches all of the results.
    pub(super) fn covers(&self, stop: &Rule, results: &Language) -> bool {
        covers(&stop.pattern, results, &self.always.valid, &self.always.short_hub)
    }

    /// Returns true if a pattern, by its text, matches all results of a swap.
    pub(super) fn text_covers(&self, pattern: &Pattern, swap: &Swap<'_>) -> bool {
        let results = results_of(swap);
        covers(pattern, &results, &self.always.valid, &self.always.short_hub)
    }
}

fn results_of(swap: &Swap<'_>) -> Language {
    languages::of_results(&swap.rule.pattern, swap.target)
}

/// Returns true if one of two beginnings of whole segments continues the other.
pub(crate) fn are_alike(one: &str, other: &str) -> bool {
    let goes_on = |long: &str, short: &str| {
        short.is_empty()
            || long
                .strip_prefix(short)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    goes_on(one, other) || goes_on(other, one)
}

fn covers(pattern: &Pattern, results: &Language, valid: &Language, short_hub: &Language) -> bool {
    let pattern = languages::of_pattern(pattern);
    witness(&[results, valid], &[&pattern, short_hub], BUDGET) == Ok(None)
}

/// Returns the text that every result of a target begins with.
pub(crate) fn prefix_of(target: &Target) -> String {
    let Some(registry) = target.literal_registry() else {
        return String::new();
    };
    match target.shape() {
        Some(shape) => shape_prefix(registry, shape),
        None => target.name().to_owned(),
    }
}

/// Returns the text that every match of a pattern begins with, in whole segments.
pub(crate) fn beginning(pattern: &Pattern) -> &str {
    match pattern {
        Pattern::Parts(parts) if parts.registry() == "**" => "",
        Pattern::Parts(parts) => literal_segments(&parts.name),
        Pattern::Written(written) => {
            let literal = written.text.split(['*', '?', '[']).next().unwrap_or_default();
            literal.rsplit_once('/').map_or("", |(before, _)| before)
        }
    }
}

/// Patterns by their beginnings.
struct Beginnings<'p> {
    sorted: Vec<(&'p str, usize)>,
}

impl<'p> Beginnings<'p> {
    fn new(beginnings: impl Iterator<Item = &'p str>) -> Self {
        let mut sorted: Vec<(&str, usize)> = beginnings.zip(0..).collect();
        sorted.sort_unstable();
        Self { sorted }
    }

    /// Returns the patterns whose beginning is a part of the prefix, or equal to it.
    fn shorter<'s>(&'s self, prefix: &'s str) -> impl Iterator<Item = usize> + 's {
        let ends = prefix
            .match_indices('/')
            .map(|(slash, _)| slash)
            .chain([prefix.len()]);
        // A beginning may be empty, and matches every prefix.
        let none = (!prefix.is_empty()).then_some(0);
        none.into_iter().chain(ends).flat_map(move |end| {
            let wanted = prefix.get(..end).unwrap_or_default();
            let start = self.sorted.partition_point(|(text, _)| *text < wanted);
            self.sorted
                .get(start..)
                .unwrap_or_default()
                .iter()
                .take_while(move |(text, _)| *text == wanted)
                .map(|(_, pattern)| *pattern)
        })
    }
}

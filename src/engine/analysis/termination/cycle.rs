//! The finding about a cycle: its rules, an image for each step, and the `keep` that breaks it.

use std::collections::{HashMap, HashSet};

use super::part::Part;
use super::steps::{Steps, Swap};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::lower::read_pattern;

/// Maximum number of rules that a finding names.
const SHOWN: usize = 8;

/// Maximum number of cycles that are reported.
const MAX_CYCLES: usize = 50;

/// Returns findings that together name every swap in a cycle, up to a limit.
pub(super) fn findings(part: Part<'_>, steps: &Steps<'_>) -> Vec<Diagnostic> {
    let component = steps.graph.components();
    let mut members: HashMap<u32, usize> = HashMap::new();
    for component in &component {
        *members.entry(*component).or_default() += 1;
    }
    let mut reported = HashSet::new();
    let mut findings = Vec::new();
    for (swap, own) in component.iter().enumerate() {
        if findings.len() == MAX_CYCLES {
            break;
        }
        if members.get(own) == Some(&1) || reported.contains(&swap) {
            continue;
        }
        let cycle = steps
            .graph
            .shortest_cycle(swap, |other| component.get(other) == Some(own));
        if let Some(cycle) = cycle {
            findings.push(finding(part, steps, &cycle));
            reported.extend(cycle);
        }
    }
    findings
}

fn finding(part: Part<'_>, steps: &Steps<'_>, cycle: &[usize]) -> Diagnostic {
    let swaps: Vec<&Swap<'_>> = cycle.iter().filter_map(|at| steps.swaps.get(*at)).collect();
    let name = |swap: &&Swap<'_>| format!("`{}`", part.set.name_of(swap.rule));
    let mut names: Vec<String> = swaps.iter().take(SHOWN).map(name).collect();
    if swaps.len() > SHOWN {
        names.push(format!("{} more", swaps.len() - SHOWN));
    }
    names.extend(swaps.first().map(name));
    let mut labels = cycle
        .iter()
        .zip(cycle.iter().cycle().skip(1))
        .filter_map(|(one, next)| {
            let (swap, following) = (steps.swaps.get(*one)?, steps.swaps.get(*next)?);
            let label = match steps.example_of(*one, *next) {
                Some(image) => format!(
                    "produces images such as `{image}`, which `{}` swaps again",
                    part.set.name_of(following.rule)
                ),
                None => format!(
                    "produces images that `{}` swaps again",
                    part.set.name_of(following.rule)
                ),
            };
            Some((swap.rule.span, label))
        })
        .take(SHOWN);
    let (span, label) = labels.next().unwrap_or((Span::default(), String::new()));
    let mut finding = Diagnostic::error(
        Code::CYCLE,
        format!("rules form a cycle: {}", names.join(" -> ")),
        span,
    )
    .label(label);
    for (span, label) in labels {
        finding = finding.also(span, label);
    }
    // A `keep` in a file with a condition gets that condition, so it would not break the cycle.
    let place = swaps.iter().map(|swap| swap.number).min().and_then(|top| {
        (0..=top)
            .rev()
            .filter_map(|number| part.rule(number))
            .find(|rule| rule.is_in_open_file(&part.set.files))
    });
    if let (Some(keep), Some(place)) = (keep_for(steps, &swaps), place) {
        finding = finding.suggest(
            format!("add `keep {keep}` above the first of them, to keep the result"),
            place.span.start(),
            format!("keep {keep}\n"),
        );
    }
    finding.help("add a `when` to some of them, with conditions that exclude each other")
}

/// Returns the narrowest pattern that keeps all results of one of the swaps.
fn keep_for(steps: &Steps<'_>, swaps: &[&Swap<'_>]) -> Option<String> {
    swaps
        .iter()
        .filter_map(|swap| {
            let texts = candidates(swap);
            texts
                .into_iter()
                .find(|text| read_pattern(text).is_some_and(|pattern| steps.text_covers(&pattern, swap)))
        })
        // The pattern with the most segments affects the fewest other images.
        .max_by_key(|text| text.matches('/').count())
}

/// Returns patterns that may match all results of a swap, from narrow to wide.
fn candidates(swap: &Swap<'_>) -> Vec<String> {
    let mut texts = Vec::new();
    let prefix = &swap.prefix;
    if swap.target.shape().is_none() && !swap.target.below {
        texts.push(prefix.clone());
    }
    let mut rest = prefix.as_str();
    while !rest.is_empty() {
        texts.push(format!("{rest}/"));
        rest = rest.rsplit_once('/').map_or("", |(before, _)| before);
    }
    if let Some(shape) = swap.target.shape()
        && prefix.is_empty()
    {
        texts.push(format!("{}/", shape.registry));
    }
    texts
}

//! Rules, lines of maps and results of images, each as one line of text.

use std::collections::HashMap;

use imageswap_engine::compare::{ComparedOutcome, RuleChange};
use imageswap_engine::compile::RuleSet;
use imageswap_engine::diagnostic::visible;
use imageswap_engine::rules::{Effect, Invalid, RuleId};
use imageswap_engine::syntax::format::one_line;

use crate::config::Loaded;

/// Set with the texts that it was loaded from.
pub(super) type Side<'s> = (&'s Loaded, &'s RuleSet);

/// Returns the text of a rule on one line, without its comments.
pub(super) fn text_of((loaded, set): Side<'_>, rule: RuleId) -> String {
    let Some(info) = set.info(rule) else {
        return String::new();
    };
    let text = loaded.sources.slice(info.span);
    let line = one_line(text).unwrap_or_else(|| text.to_owned());
    visible(&line).into_owned()
}

/// Returns the name of a rule with its location.
pub(super) fn called((loaded, set): Side<'_>, rule: RuleId) -> String {
    let name = set.rule_name(rule);
    match set.info(rule) {
        Some(info) if info.is_named => {
            let (file, line) = loaded.sources.file_and_line(info.span);
            format!("{name} ({file}:{line})")
        }
        Some(info) => {
            let (file, line) = loaded.sources.file_and_line(info.span);
            format!("{file}:{line}")
        }
        None => name.into_owned(),
    }
}

/// Returns the heading of a change: its kind, and the rule.
pub(super) fn heading(sides: [Side<'_>; 2], change: &RuleChange, word: &str) -> String {
    let names: Vec<String> = [change.old, change.new]
        .into_iter()
        .zip(sides)
        .filter_map(|(rule, side)| Some(called(side, rule?)))
        .collect();
    let moved = if change.is_moved && word != "moved" {
        " and moved"
    } else {
        ""
    };
    match names.as_slice() {
        [old, new] if old != new => format!("{word}{moved}: {old} -> {new}"),
        [name, ..] => format!("{word}{moved}: {name}"),
        [] => word.to_owned(),
    }
}

/// Returns for each of two sets the lines of its map that the other map does not have.
pub(super) fn changed_map_lines(sides: [Side<'_>; 2]) -> [Vec<String>; 2] {
    let [old, new] = sides.map(|(loaded, _)| {
        let text = loaded.map.and_then(|map| loaded.sources.get(map));
        let lines = text.map(|text| text.text().lines()).into_iter().flatten();
        let lines = lines.map(|line| line.split('#').next().unwrap_or_default().trim());
        let lines = lines.filter(|line| !line.is_empty());
        lines
            .map(|line| visible(line).into_owned())
            .collect::<Vec<String>>()
    });
    let without = |lines: &[String], others: &[String]| {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for line in others {
            *counts.entry(line).or_default() += 1;
        }
        let is_alone = |line: &&String| match counts.get_mut(line.as_str()) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        };
        lines.iter().filter(is_alone).cloned().collect()
    };
    [without(&old, &new), without(&new, &old)]
}

/// Returns the result for an image, with the parts in which the other set differs.
pub(super) fn outcome(
    (_, set): Side<'_>,
    outcome: &ComparedOutcome<'_>,
    other: &ComparedOutcome<'_>,
) -> String {
    let because = |rule: Option<RuleId>| rule.and_then(|rule| set.because(rule));
    let mut text = match &outcome.effect {
        Effect::Swap(result) => format!("-> {}", visible(result)),
        Effect::Keep => "kept".to_owned(),
        Effect::Deny => match because(outcome.denied_by) {
            Some(because) => format!("denied: {}", visible(because)),
            None => "denied".to_owned(),
        },
        Effect::Invalid(Invalid::Image(_)) => "unchanged: not a valid image".to_owned(),
        Effect::Invalid(Invalid::Result(result)) => {
            format!("unchanged: the result `{}` is not a valid image", visible(result))
        }
    };
    for rule in &outcome.warnings {
        let name = set.rule_name(*rule);
        text += &match set.because(*rule) {
            Some(because) => format!(", with a warning: {}", visible(because)),
            None => format!(", with a warning from {}", visible(&name)),
        };
    }
    if outcome.pull_secrets != other.pull_secrets {
        match outcome.pull_secrets.as_slice() {
            [] => text += ", without a pull secret",
            secrets => text += &format!(", with the pull secret {}", secrets.join(" and ")),
        }
    }
    text
}

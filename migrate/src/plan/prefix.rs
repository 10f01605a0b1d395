//! LEGACY mode: the rules for one prefix.

use std::collections::BTreeSet;

use imageswap_engine::analysis::samples;
use imageswap_engine::reference::{DOCKER_HUB, normalized};

use super::answer::dashed_prefix;
use super::facts::{Facts, Plan};
use crate::place::{NoPlace, Place, is_registry};
use crate::rule::{Kind, Pattern, Rule};
use crate::written;

/// Makes the rules for a prefix.
///
/// # Errors
///
/// Where no image can come of the prefix, or none that a rule can name.
pub(crate) fn plan_prefix(prefix: &str, given: &BTreeSet<String>) -> Result<Plan, NoPlace> {
    let mut plan = Plan::default();
    if prefix.is_empty() {
        return Ok(plan);
    }
    let kept = written::literal(prefix).ok_or(NoPlace::Invalid)?;
    plan.rules.push(
        Rule::keep(Kind::Noswap, Pattern::Written(format!("*{kept}*"))).sampled(samples::of_prefix(prefix)),
    );
    if !prefix.ends_with('-') {
        let place = Place::parse(prefix)?;
        let rest = place.rest("{name}");
        plan.rules.push(
            Rule::swap(Kind::Default, "**", place.registry.as_str(), rest).sampled(samples::everywhere()),
        );
        plan.home.push(place.clone());
        plan.facts.held.push(place);
        return Ok(plan);
    }
    let place = dashed_prefix(prefix).ok_or(NoPlace::Invalid)?;
    let (registry, path) = place.split_once('/').ok_or(NoPlace::WithinRegistry)?;
    let rule = Rule::swap(
        Kind::Default,
        format!("{DOCKER_HUB}/"),
        registry,
        format!("/{path}{{written}}"),
    );
    plan.rules
        .push(rule.when_unqualified().sampled(samples::unqualified()));
    if prefix.contains('/') {
        let rest = format!("/{path}{{host}}/{{written}}");
        plan.rules
            .push(Rule::swap(Kind::Default, "**", registry, rest).sampled(samples::everywhere()));
        plan.home.push(Place::parse(&format!("{place}{DOCKER_HUB}"))?);
        plan.facts.dashed.push(place);
        return Ok(plan);
    }
    let mut names: BTreeSet<String> = given
        .iter()
        .map(|registry| normalized(registry).into_owned())
        .collect();
    names.retain(|name| is_registry(name));
    names.insert(DOCKER_HUB.to_owned());
    for name in &names {
        let Ok(to) = Place::parse(&format!("{prefix}{name}")) else {
            continue;
        };
        let template = if name == DOCKER_HUB { "{written}" } else { "" };
        let rule = Rule::swap(
            Kind::Default,
            format!("{name}/"),
            to.registry.as_str(),
            to.rest(template),
        );
        let [plain, short, _] = samples::below(&format!("{name}/"));
        plan.rules.push(rule.sampled([plain, short]));
    }
    plan.facts = Facts {
        on_registry: Some(names),
        dashed: vec![place],
        ..plan.facts
    };
    Ok(plan)
}

//! LEGACY mode: the rules for one prefix.

use std::collections::BTreeSet;

use imageswap_engine::analysis::samples;
use imageswap_engine::reference::{DOCKER_HUB, normalized};

use super::answer::dashed_prefix;
use super::facts::{Facts, Plan};
use crate::location::{Location, LocationError, is_registry};
use crate::rule::{Kind, Pattern, Rule};
use crate::written;

/// Returns the plan for a prefix.
///
/// # Errors
///
/// Returns an error if the prefix does not produce a valid image, or if no rule can name its registry.
pub(crate) fn plan_prefix(prefix: &str, given: &BTreeSet<String>) -> Result<Plan, LocationError> {
    let mut plan = Plan::default();
    if prefix.is_empty() {
        return Ok(plan);
    }
    let kept = written::literal(prefix).ok_or(LocationError::Invalid)?;
    plan.rules.push(
        Rule::keep(Kind::Noswap, Pattern::Written(format!("*{kept}*"))).sampled(samples::of_prefix(prefix)),
    );
    if !prefix.ends_with('-') {
        let location = Location::parse(prefix)?;
        let rest = location.rest("{name}");
        plan.rules.push(
            Rule::swap(Kind::Default, "**", location.registry.as_str(), rest).sampled(samples::everywhere()),
        );
        plan.home.push(location.clone());
        plan.facts.targets.push(location);
        return Ok(plan);
    }
    let location = dashed_prefix(prefix).ok_or(LocationError::Invalid)?;
    let (registry, path) = location.split_once('/').ok_or(LocationError::WithinRegistry)?;
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
        plan.home
            .push(Location::parse(&format!("{location}{DOCKER_HUB}"))?);
        plan.facts.hyphen_prefixes.push(location);
        return Ok(plan);
    }
    let mut names: BTreeSet<String> = given
        .iter()
        .map(|registry| normalized(registry).into_owned())
        .collect();
    names.retain(|name| is_registry(name));
    names.insert(DOCKER_HUB.to_owned());
    for name in &names {
        let Ok(to) = Location::parse(&format!("{prefix}{name}")) else {
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
        hyphen_prefixes: vec![location],
        ..plan.facts
    };
    Ok(plan)
}

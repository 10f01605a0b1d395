//! Decisions, as objects for machines. The names of the fields change with a major version only.

use std::borrow::Cow;

use imageswap_engine::context::Place;
use imageswap_engine::rules::{Decision, Effect, RuleSet};
use serde::Serialize;

/// What was decided for an image.
#[derive(Serialize)]
pub(crate) struct DecidedImage<'a> {
    image: &'a str,
    #[serde(flatten)]
    decided: Decided<'a>,
}

/// What is done with an image.
#[derive(Serialize)]
pub(crate) struct Decided<'a> {
    effect: &'static str,
    result: Option<&'a str>,
    /// The last of `rules`.
    rule: Option<Cow<'a, str>>,
    /// All rules that decided, in order.
    rules: Vec<Cow<'a, str>>,
    message: Option<&'a str>,
    warnings: Vec<Cow<'a, str>>,
    pull_secrets: &'a [&'a str],
}

impl<'a> DecidedImage<'a> {
    /// What was decided.
    pub(crate) fn new(set: &'a RuleSet, image: &'a str, decision: &'a Decision<'_>) -> Self {
        Self {
            image,
            decided: Decided::new(set, decision),
        }
    }

    /// An image that nothing was decided for.
    pub(crate) fn left(image: &'a str) -> Self {
        let decided = Decided {
            effect: "keep",
            result: None,
            rule: None,
            rules: Vec::new(),
            message: None,
            warnings: Vec::new(),
            pull_secrets: &[],
        };
        Self { image, decided }
    }
}

impl<'a> Decided<'a> {
    /// What was decided.
    pub(crate) fn new(set: &'a RuleSet, decision: &'a Decision<'_>) -> Self {
        let (effect, result) = match &decision.effect {
            Effect::Swap(result) => ("swap", Some(result.as_str())),
            Effect::Keep => ("keep", None),
            Effect::Deny => ("deny", None),
            Effect::Invalid(_) => ("invalid", None),
        };
        let last = decision.deciding().last();
        Self {
            effect,
            result,
            rule: last.map(|rule| set.rule_name(rule)),
            rules: decision.deciding().map(|rule| set.rule_name(rule)).collect(),
            message: last.and_then(|rule| set.because(rule)),
            warnings: decision
                .warnings
                .iter()
                .map(|rule| set.rule_name(*rule))
                .collect(),
            pull_secrets: &decision.pull_secrets,
        }
    }
}

/// The language's word for a place.
pub(crate) fn place_name(place: Place) -> &'static str {
    match place {
        Place::Main => "main",
        Place::Init => "init",
        Place::Sidecar => "sidecar",
        Place::Ephemeral => "ephemeral",
        Place::Volume => "volume",
    }
}

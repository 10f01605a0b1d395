//! What was decided, as objects for machines. The names of the fields change with a major version only.

use std::borrow::Cow;

use imageswap_engine::admission::ExplainedImage;
use imageswap_engine::context::Place;
use imageswap_engine::rules::{Decision, Effect, Explanation, LEGACY_RULE, Mismatch, Round, RuleSet, Step};
use serde::Serialize;

/// What was decided for an image.
#[derive(Serialize)]
pub(in crate::cli) struct Outcome<'a> {
    image: &'a str,
    #[serde(flatten)]
    decided: Decided<'a>,
}

/// What is done with an image.
#[derive(Serialize)]
pub(in crate::cli) struct Decided<'a> {
    effect: &'static str,
    result: Option<&'a str>,
    rule: Option<Cow<'a, str>>,
    message: Option<&'a str>,
    warnings: Vec<Cow<'a, str>>,
    pull_secrets: &'a [&'a str],
}

/// What was decided for an image, and how.
#[derive(Serialize)]
pub(super) struct Explained<'a> {
    #[serde(flatten)]
    outcome: Outcome<'a>,
    steps: Vec<StepOfRound<'a>>,
}

/// The same of an image of an object.
#[derive(Serialize)]
pub(super) struct ExplainedField<'a> {
    #[serde(flatten)]
    explained: Explained<'a>,
    object: &'a str,
    container: &'a str,
    place: &'static str,
    left: Option<&'static str>,
}

#[derive(Serialize)]
struct StepOfRound<'a> {
    round: usize,
    image: &'a str,
    rule: Cow<'a, str>,
    action: Option<&'static str>,
    outcome: &'static str,
    reason: Option<&'a str>,
}

impl<'a> Outcome<'a> {
    /// What was decided.
    pub(in crate::cli) fn new(set: &'a RuleSet, image: &'a str, decision: &'a Decision<'_>) -> Self {
        Self {
            image,
            decided: Decided::new(set, decision),
        }
    }

    /// An image that nothing was decided for.
    fn left(image: &'a str) -> Self {
        let decided = Decided {
            effect: "keep",
            result: None,
            rule: None,
            message: None,
            warnings: Vec::new(),
            pull_secrets: &[],
        };
        Self { image, decided }
    }
}

impl<'a> Decided<'a> {
    /// What was decided.
    pub(in crate::cli) fn new(set: &'a RuleSet, decision: &'a Decision<'_>) -> Self {
        let (effect, result) = match &decision.effect {
            Effect::Swap(result) => ("swap", Some(result.as_str())),
            Effect::Keep => ("keep", None),
            Effect::Deny => ("deny", None),
            Effect::Invalid(_) => ("invalid", None),
        };
        Self {
            effect,
            result,
            rule: decision.rule.map(|rule| set.rule_name(rule)),
            message: decision.rule.and_then(|rule| set.because(rule)),
            warnings: decision
                .warnings
                .iter()
                .map(|rule| set.rule_name(*rule))
                .collect(),
            pull_secrets: &decision.pull_secrets,
        }
    }
}

impl<'a> Explained<'a> {
    pub(super) fn new(set: &'a RuleSet, image: &'a str, explanation: &'a Explanation<'_>) -> Self {
        Self {
            outcome: Outcome::new(set, image, &explanation.decision),
            steps: (1..)
                .zip(&explanation.rounds)
                .flat_map(|(number, round)| steps(set, number, round))
                .collect(),
        }
    }
}

impl<'a> ExplainedField<'a> {
    pub(super) fn new(set: &'a RuleSet, object: &'a str, field: &'a ExplainedImage<'_>) -> Self {
        let (explained, left) = match &field.verdict {
            Ok(explanation) => (Explained::new(set, &field.image, explanation), None),
            Err(reason) => (
                Explained {
                    outcome: Outcome::left(&field.image),
                    steps: Vec::new(),
                },
                Some(reason.as_str()),
            ),
        };
        Self {
            explained,
            object,
            container: field.container.as_deref().unwrap_or_default(),
            place: place_name(field.place),
            left,
        }
    }
}

/// The rules that were looked at in a round, and the map if it was asked.
fn steps<'a>(set: &'a RuleSet, number: usize, round: &'a Round) -> impl Iterator<Item = StepOfRound<'a>> {
    let rules = round.steps.iter().map(move |step| StepOfRound {
        round: number,
        image: &round.image,
        rule: set.rule_name(step.rule),
        action: set.info(step.rule).map(|rule| rule.action.as_str()),
        outcome: outcome_of(step),
        reason: step.reason.as_deref(),
    });
    let map = round.map.iter().map(move |answer| StepOfRound {
        round: number,
        image: &round.image,
        rule: LEGACY_RULE.into(),
        action: Some("map"),
        outcome: if answer.result.is_some() {
            "match"
        } else {
            "pattern"
        },
        reason: None,
    });
    rules.chain(map)
}

fn outcome_of(step: &Step) -> &'static str {
    match step.outcome {
        Ok(()) => "match",
        Err(Mismatch::Off) => "off",
        Err(Mismatch::Pattern) => "pattern",
        Err(Mismatch::Condition(_)) => "condition",
        Err(Mismatch::Home) => "home",
        Err(Mismatch::OwnShape) => "own-shape",
        Err(Mismatch::Decided) => "decided",
    }
}

/// The language's word for a place.
pub(in crate::cli) fn place_name(place: Place) -> &'static str {
    match place {
        Place::Main => "main",
        Place::Init => "init",
        Place::Sidecar => "sidecar",
        Place::Ephemeral => "ephemeral",
        Place::Volume => "volume",
    }
}

//! Explanations as JSON objects. The names of the fields change only with a major version.

use std::borrow::Cow;

use imageswap_engine::admission::ExplainedImage;
use imageswap_engine::rules::{Compiled, Explanation, LEGACY_RULE, Mismatch, Round, Step};
use imageswap_files::FieldImage;
use serde::Serialize;

use crate::cli::report::DecidedImage;

/// Decision about an image, with its steps.
#[derive(Serialize)]
pub(super) struct Explained<'a> {
    #[serde(flatten)]
    outcome: DecidedImage<'a>,
    steps: Vec<StepOfRound<'a>>,
}

/// Decision about an image of an object.
#[derive(Serialize)]
pub(super) struct ExplainedField<'a> {
    #[serde(flatten)]
    explained: Explained<'a>,
    object: &'a str,
    container: &'a str,
    place: &'static str,
    skipped: Option<&'static str>,
}

/// Decision about an image in a field that the user names.
#[derive(Serialize)]
pub(super) struct ExplainedNamedField<'a> {
    #[serde(flatten)]
    explained: Explained<'a>,
    object: &'a str,
    field: &'a str,
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

impl<'a> Explained<'a> {
    pub(super) fn new(set: &'a Compiled, image: &'a str, explanation: &'a Explanation<'_>) -> Self {
        Self {
            outcome: DecidedImage::new(set, image, &explanation.decision),
            steps: (1..)
                .zip(&explanation.rounds)
                .flat_map(|(number, round)| steps(set, number, round))
                .collect(),
        }
    }
}

impl<'a> ExplainedField<'a> {
    pub(super) fn new(set: &'a Compiled, object: &'a str, field: &'a ExplainedImage<'_>) -> Self {
        let (explained, skipped) = match &field.verdict {
            Ok(explanation) => (Explained::new(set, &field.image, explanation), None),
            Err(reason) => (
                Explained {
                    outcome: DecidedImage::skipped(&field.image),
                    steps: Vec::new(),
                },
                Some(reason.as_str()),
            ),
        };
        Self {
            explained,
            object,
            container: field.container.as_deref().unwrap_or_default(),
            place: field.place.as_str(),
            skipped,
        }
    }
}

impl<'a> ExplainedNamedField<'a> {
    pub(super) fn new(
        set: &'a Compiled,
        object: &'a str,
        field: &'a FieldImage,
        explanation: &'a Explanation<'_>,
    ) -> Self {
        Self {
            explained: Explained::new(set, &field.image, explanation),
            object,
            field: &field.path,
        }
    }
}

/// Returns the steps of a round, with the map if it was evaluated.
fn steps<'a>(set: &'a Compiled, number: usize, round: &'a Round) -> impl Iterator<Item = StepOfRound<'a>> {
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
        Err(Mismatch::OwnImage) => "own-image",
        Err(Mismatch::Decided) => "decided",
    }
}

//! Decisions as JSON objects. The names of the fields change only with a major version.

use std::borrow::Cow;

use imageswap_engine::rules::{Compiled, Decision, DoesNotSettle, Effect};
use serde::Serialize;

/// Decision about an image.
#[derive(Serialize)]
pub(crate) struct DecidedImage<'a> {
    image: &'a str,
    #[serde(flatten)]
    decided: Decided<'a>,
}

/// Effect of the decision, and the rules that produced it.
#[derive(Serialize)]
pub(crate) struct Decided<'a> {
    effect: &'static str,
    result: Option<&'a str>,
    /// Last rule of `rules`.
    rule: Option<Cow<'a, str>>,
    /// All rules that decided, in order.
    rules: Vec<Cow<'a, str>>,
    message: Option<Cow<'a, str>>,
    warnings: Vec<Cow<'a, str>>,
    pull_secrets: &'a [&'a str],
}

impl<'a> DecidedImage<'a> {
    /// Returns the object of an image that was evaluated.
    pub(crate) fn new(
        set: &'a Compiled,
        image: &'a str,
        decision: &'a Result<Decision<'_>, DoesNotSettle>,
    ) -> Self {
        Self {
            image,
            decided: match decision {
                Ok(decision) => Decided::new(set, decision),
                Err(endless) => Decided {
                    effect: "invalid",
                    message: Some(endless.to_string().into()),
                    ..Decided::nothing()
                },
            },
        }
    }

    /// Returns the object of an image that is skipped.
    pub(crate) fn skipped(image: &'a str) -> Self {
        Self {
            image,
            decided: Decided::nothing(),
        }
    }
}

impl<'a> Decided<'a> {
    fn nothing() -> Self {
        Self {
            effect: "keep",
            result: None,
            rule: None,
            rules: Vec::new(),
            message: None,
            warnings: Vec::new(),
            pull_secrets: &[],
        }
    }

    /// Returns the effect of a decision, and the names of the rules that produced it.
    pub(crate) fn new(set: &'a Compiled, decision: &'a Decision<'_>) -> Self {
        let (effect, result) = match decision.effect() {
            Effect::Swap(result) => ("swap", Some(result.as_str())),
            Effect::Keep => ("keep", None),
            Effect::Deny => ("deny", None),
            Effect::Invalid(_) => ("invalid", None),
        };
        let last = decision.last_rule();
        Self {
            effect,
            result,
            rule: last.map(|rule| set.rule_name(rule)),
            rules: decision.rules().map(|rule| set.rule_name(rule)).collect(),
            message: last.and_then(|rule| set.because(rule)).map(Cow::Borrowed),
            warnings: decision
                .warnings()
                .iter()
                .map(|rule| set.rule_name(*rule))
                .collect(),
            pull_secrets: decision.pull_secrets(),
        }
    }
}

//! What was decided, written for people and for machines.

use imageswap_engine::admission::ExplainedImage;
use imageswap_engine::diagnostic::{SourceMap, visible};
use imageswap_engine::rules::{
    Decision, Effect, Explanation, Invalid, LEGACY_RULE, Mismatch, Place, Round, RuleSet, Step,
};
use serde_json::{Map, Value, json};

use super::super::output::{CommandError, Output};
use super::super::report::Format;

/// Where explanations are shown, and the set that they are of.
pub(super) struct Shown<'o, 's> {
    pub(super) output: &'o mut Output,
    pub(super) set: &'s RuleSet,
    pub(super) sources: &'s SourceMap,
}

impl Shown<'_, '_> {
    /// Shows an image that was given by itself.
    pub(super) fn image(&mut self, image: &str, explanation: &Explanation<'_>) -> Result<(), CommandError> {
        match self.output.format {
            Format::Json => {
                let object = self.object(image, explanation);
                self.output.object(&Value::Object(object))
            }
            Format::Short => {
                let line = self.headline(image, &explanation.decision);
                self.output.line(line)
            }
            Format::Human => self.in_full(image, explanation),
        }
    }

    /// Shows an image of an object.
    pub(super) fn field(&mut self, object: &str, field: &ExplainedImage<'_>) -> Result<(), CommandError> {
        let container = field.container.as_deref().unwrap_or_default();
        let place = place_name(field.place);
        if self.output.format == Format::Json {
            let mut members = match &field.verdict {
                Ok(explanation) => self.object(&field.image, explanation),
                Err(reason) => {
                    let mut object = outcome("keep", &field.image);
                    object.insert("left".to_owned(), json!(reason.as_str()));
                    object
                }
            };
            members.insert("object".to_owned(), json!(object));
            members.insert("container".to_owned(), json!(container));
            members.insert("place".to_owned(), json!(place));
            return self.output.object(&Value::Object(members));
        }
        let of = match place {
            "main" => format!("container {container}"),
            "volume" => format!("volume {container}"),
            other => format!("{other} container {container}"),
        };
        let of = if object.is_empty() {
            of
        } else {
            format!("{object}, {of}")
        };
        match &field.verdict {
            Ok(explanation) if self.output.format == Format::Human => {
                self.output.line(format_args!("# {}", visible(&of)))?;
                self.in_full(&field.image, explanation)
            }
            Ok(explanation) => {
                let line = self.headline(&field.image, &explanation.decision);
                self.output.line(format_args!("{}: {line}", visible(&of)))
            }
            Err(reason) => self.output.line(format_args!(
                "{}: {} is left alone: {}",
                visible(&of),
                visible(&field.image),
                reason.as_str()
            )),
        }
    }

    /// What becomes of an image, and by which rule, on one line.
    fn headline(&self, image: &str, decision: &Decision<'_>) -> String {
        let image = visible(image);
        let by = match decision.rule {
            Some(rule) => format!(" by {}", self.set.rule_name(rule)),
            None => String::new(),
        };
        match &decision.effect {
            Effect::Swap(result) => format!("{image} -> {result}{by}"),
            Effect::Keep if image == "auto" => "auto stays: Istio's injector fills it in".to_owned(),
            Effect::Keep if by.is_empty() => format!("{image} stays: no rule matches"),
            Effect::Keep => format!("{image} stays{by}"),
            Effect::Deny => format!("{image} is refused{by}"),
            Effect::Invalid(Invalid::Image(error)) => format!("{image} stays, as it is no image: {error}"),
            Effect::Invalid(Invalid::Result(result)) => {
                format!(
                    "{image} stays: `{}`, which is made of it{by}, is no image",
                    visible(result)
                )
            }
        }
    }

    fn in_full(&mut self, image: &str, explanation: &Explanation<'_>) -> Result<(), CommandError> {
        let decision = &explanation.decision;
        let line = self.headline(image, decision);
        self.output.line(line)?;
        if let Some(because) = decision.rule.and_then(|rule| self.set.because(rule)) {
            self.output
                .line(format_args!("  because: {}", visible(because)))?;
        }
        for rule in &decision.warnings {
            let because = self.set.because(*rule).unwrap_or_default();
            let name = self.set.rule_name(*rule);
            self.output
                .line(format_args!("  warning of {name}: {}", visible(because)))?;
        }
        for secret in &decision.pull_secrets {
            self.output.line(format_args!("  pull secret: {secret}"))?;
        }
        let several = explanation.rounds.len() > 1;
        for (number, round) in (1..).zip(&explanation.rounds) {
            if several {
                self.output
                    .line(format_args!("  round {number}: {}", visible(&round.image)))?;
            }
            self.round(round)?;
        }
        Ok(())
    }

    fn round(&mut self, round: &Round) -> Result<(), CommandError> {
        let names: Vec<String> = round
            .steps
            .iter()
            .map(|step| self.set.rule_name(step.rule).into_owned())
            .collect();
        let width = names.iter().map(String::len).max().unwrap_or_default();
        for (step, name) in round.steps.iter().zip(&names) {
            let text = self
                .set
                .info(step.rule)
                .map(|rule| self.sources.slice(rule.span).lines().next().unwrap_or_default())
                .unwrap_or_default();
            let outcome = match &step.reason {
                None => "matches",
                Some(reason) => reason,
            };
            let sign = if step.reason.is_none() { '*' } else { ' ' };
            let text = visible(text);
            self.output.line(format_args!("  {sign} {name:width$}  {text}"))?;
            self.output
                .line(format_args!("    {:width$}  {}", "", visible(outcome)))?;
        }
        match &round.map {
            Some(Some(result)) => self.output.line(format_args!(
                "  * {LEGACY_RULE}  the map makes `{}` of it",
                visible(result)
            )),
            Some(None) => self
                .output
                .line(format_args!("    {LEGACY_RULE}  the map leaves it")),
            None if round.steps.iter().all(|step| step.reason.is_some()) => {
                self.output.line("    no rule matches, so it stays")
            }
            None => Ok(()),
        }
    }

    fn object(&self, image: &str, explanation: &Explanation<'_>) -> Map<String, Value> {
        let mut object = outcome_of(self.set, image, &explanation.decision);
        let steps: Vec<Value> = (1..)
            .zip(&explanation.rounds)
            .flat_map(|(number, round)| {
                let rules = round.steps.iter().map(move |step| self.step(number, round, step));
                let map = round.map.iter().map(move |result| {
                    json!({
                        "round": number, "image": round.image, "rule": LEGACY_RULE, "action": "map",
                        "outcome": if result.is_some() { "match" } else { "pattern" }, "reason": null, "result": result,
                    })
                });
                rules.chain(map)
            })
            .collect();
        object.insert("steps".to_owned(), Value::Array(steps));
        object
    }

    fn step(&self, number: usize, round: &Round, step: &Step) -> Value {
        let outcome = match step.outcome {
            Ok(()) => "match",
            Err(Mismatch::Off) => "off",
            Err(Mismatch::Pattern) => "pattern",
            Err(Mismatch::Condition(_)) => "condition",
            Err(Mismatch::Home) => "home",
            Err(Mismatch::OwnShape) => "own-shape",
        };
        let action = self.set.info(step.rule).map(|rule| rule.action.as_str());
        json!({
            "round": number, "image": round.image, "rule": self.set.rule_name(step.rule), "action": action,
            "outcome": outcome, "reason": step.reason,
        })
    }
}

fn outcome(effect: &str, image: &str) -> Map<String, Value> {
    let members = [
        ("image", json!(image)),
        ("effect", json!(effect)),
        ("result", Value::Null),
        ("rule", Value::Null),
        ("message", Value::Null),
        ("warnings", json!([])),
        ("pull_secrets", json!([])),
        ("steps", json!([])),
    ];
    members
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// What was decided, as the members of an object.
pub(in crate::cli) fn outcome_of(set: &RuleSet, image: &str, decision: &Decision<'_>) -> Map<String, Value> {
    let effect = match &decision.effect {
        Effect::Swap(_) => "swap",
        Effect::Keep => "keep",
        Effect::Deny => "deny",
        Effect::Invalid(_) => "invalid",
    };
    let mut object = outcome(effect, image);
    let mut put = |name: &str, value: Value| {
        object.insert(name.to_owned(), value);
    };
    if let Effect::Swap(result) = &decision.effect {
        put("result", json!(result));
    }
    if let Some(rule) = decision.rule {
        put("rule", json!(set.rule_name(rule)));
        put("message", json!(set.because(rule)));
    }
    let warnings: Vec<_> = decision
        .warnings
        .iter()
        .map(|rule| set.rule_name(*rule))
        .collect();
    put("warnings", json!(warnings));
    put("pull_secrets", json!(decision.pull_secrets));
    object
}

fn place_name(place: Place) -> &'static str {
    match place {
        Place::Main => "main",
        Place::Init => "init",
        Place::Sidecar => "sidecar",
        Place::Ephemeral => "ephemeral",
        Place::Volume => "volume",
    }
}

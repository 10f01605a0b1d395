//! The steps of an evaluation, recorded by an observer: the code that evaluates is the one that the webhook runs.

use std::collections::HashSet;

use super::compiled::Compiled;
use super::decision::{Decision, DoesNotSettle};
use super::evaluate::{Observer, Selection};
use super::id::RuleId;
use super::image::Image;
use super::interrupt::{Interrupt, Interrupted};
use super::rule::{Guards, Mismatch};
use crate::context::{Context, ContextValue, Subject};
use crate::legacy::Answer;
use crate::syntax::ast::Action;

/// The rules of which an explanation shows the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope<'a> {
    /// Those that the index finds for an image.
    Found,
    /// Every rule down to the one that decides.
    Every,
    /// Only these, even if the evaluation does not reach them.
    Only(&'a [RuleId]),
}

/// A decision, and the steps that led to it.
#[derive(Clone, Debug)]
pub struct Explanation<'r> {
    /// The decision; an error if the rules form a cycle that this image enters, which no verified set has.
    pub decision: Result<Decision<'r>, DoesNotSettle>,
    /// The rounds, from the original image to the last result. An evaluation that does not settle ends where an image
    /// comes back.
    pub rounds: Vec<Round>,
}

/// One pass over the rules.
#[derive(Clone, Debug, Default)]
pub struct Round {
    /// The image at the start of the round.
    pub image: String,
    /// The rules that were examined, in order.
    pub steps: Vec<Step>,
    /// The rule that decides.
    pub decided_by: Option<RuleId>,
    /// The answer of the map; `None` if it was not consulted.
    pub map: Option<Answer>,
}

/// A rule that was examined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The rule.
    pub rule: RuleId,
    /// `Ok` if it matches, else the reason why not.
    pub outcome: Result<(), Mismatch>,
    /// The reason in words.
    pub reason: Option<String>,
}

#[derive(Default)]
struct Recorder<'i> {
    rounds: Vec<Round>,
    interrupt: Option<&'i Interrupt<'i>>,
}

impl Observer for Recorder<'_> {
    fn round(&mut self, image: &str) {
        self.rounds.push(Round {
            image: image.to_owned(),
            ..Round::default()
        });
    }

    fn step(&mut self, rule: RuleId, outcome: Result<(), Mismatch>) {
        if let Some(round) = self.rounds.last_mut() {
            round.steps.push(Step {
                rule,
                outcome,
                reason: None,
            });
        }
    }

    fn map(&mut self, answer: &Answer) {
        if let Some(round) = self.rounds.last_mut() {
            round.map = Some(answer.clone());
        }
    }

    fn ends_evaluation(&self, image: &str) -> bool {
        self.interrupt.ends_evaluation(image)
    }
}

impl Recorder<'_> {
    /// Returns the rounds before the first image that comes back, and that image. An evaluation that does not settle
    /// repeats itself from there on.
    fn until_repeated(self) -> (Vec<Round>, Option<String>) {
        let mut rounds: Vec<Round> = Vec::new();
        let mut known = HashSet::new();
        for round in self.rounds {
            // A round is determined by its image alone, so from the first repetition on all rounds repeat.
            if !known.insert(round.image.clone()) {
                return (rounds, Some(round.image));
            }
            rounds.push(round);
        }
        (rounds, None)
    }
}

impl Compiled {
    /// Evaluates an image and records each step.
    pub(crate) fn explain(&self, image: &str, context: &Context<'_>, scope: Scope<'_>) -> Explanation<'_> {
        self.record(image, context, scope, Recorder::default())
    }

    /// Evaluates an image and records each step, until it is interrupted.
    ///
    /// # Errors
    ///
    /// Returns an error if it was interrupted.
    pub(crate) fn explain_until(
        &self,
        image: &str,
        context: &Context<'_>,
        scope: Scope<'_>,
        interrupt: &Interrupt<'_>,
    ) -> Result<Explanation<'_>, Interrupted> {
        let recorder = Recorder {
            interrupt: Some(interrupt),
            ..Recorder::default()
        };
        let explanation = self.record(image, context, scope, recorder);
        if interrupt.is_interrupted() {
            return Err(Interrupted);
        }
        Ok(explanation)
    }

    fn record(
        &self,
        image: &str,
        context: &Context<'_>,
        scope: Scope<'_>,
        mut recorder: Recorder<'_>,
    ) -> Explanation<'_> {
        let selection = Selection {
            every: scope == Scope::Every,
            any_values: true,
            ..Selection::default()
        };
        let mut decision = self.evaluate(image, context, selection, &mut recorder);
        if recorder.interrupt.is_some_and(Interrupt::is_interrupted) {
            // Nobody reads them, and a reason is a text.
            recorder.rounds.clear();
        }
        let mut rounds = match &mut decision {
            Ok(_) => recorder.rounds,
            Err(endless) => {
                let (rounds, repeated) = recorder.until_repeated();
                if let Some(image) = repeated {
                    *endless = DoesNotSettle {
                        rounds: rounds.len(),
                        image,
                    };
                }
                rounds
            }
        };
        for round in &mut rounds {
            round.decided_by = self.decider(&round.steps);
            // The whole evaluation runs first, so that these steps are the ones that the webhook takes.
            if let Scope::Only(rules) = scope {
                round.steps = rules
                    .iter()
                    .filter_map(|rule| self.step_of(*rule, round, context))
                    .collect();
                round.map = round.map.take().filter(|_| rules.contains(&RuleId::LEGACY));
            }
            for step in &mut round.steps {
                if let Err(why) = step.outcome {
                    step.reason = Some(self.reason(step.rule, why, &round.image, context, round.decided_by));
                }
            }
        }
        Explanation { decision, rounds }
    }

    /// Returns the rule that decides a round: the last one that was examined.
    fn decider(&self, steps: &[Step]) -> Option<RuleId> {
        let last = steps.last().filter(|step| step.outcome.is_ok())?;
        let rule = self.rule(last.rule)?;
        (rule.action != Action::Warn).then_some(last.rule)
    }

    /// Returns the step of a rule in a round, or the step that it would be; `None` for a map.
    fn step_of(&self, rule: RuleId, round: &Round, context: &Context<'_>) -> Option<Step> {
        if let Some(step) = round.steps.iter().find(|step| step.rule == rule) {
            return Some(step.clone());
        }
        // A rule that the evaluation did not reach is checked here as if no rule above it had decided.
        let guards = Guards {
            files: &self.files,
            home: &self.home,
            with_off: false,
        };
        let image = Image::parse(&round.image).ok()?;
        let outcome = self.rule(rule)?.check(&image, context, &guards);
        Some(Step {
            rule,
            outcome: outcome.and(Err(Mismatch::Decided)),
            reason: None,
        })
    }

    /// Returns the reason why a rule does not match, in words.
    fn reason(
        &self,
        rule: RuleId,
        why: Mismatch,
        image: &str,
        context: &Context<'_>,
        decided_by: Option<RuleId>,
    ) -> String {
        let rule = self.rule(rule);
        match why {
            Mismatch::Off => "it is off".to_owned(),
            Mismatch::Pattern => match (rule, Image::parse(image)) {
                (Some(rule), Ok(image)) => rule.pattern.why_not(&image),
                _ => "the pattern does not match".to_owned(),
            },
            Mismatch::Condition(number) => {
                match rule.and_then(|rule| rule.conditions(&self.files).nth(number)) {
                    Some(condition) => {
                        let has = had(condition.subject, condition.key.as_deref(), context);
                        format!("`{condition}` is not true: {has}")
                    }
                    None => "a condition is not true".to_owned(),
                }
            }
            Mismatch::Home => {
                "the image is at home, and the pattern has a wildcard in its registry".to_owned()
            }
            Mismatch::OwnImage => "the image is one of the target's own images".to_owned(),
            Mismatch::Decided => {
                let decider = decided_by.map_or("a rule".into(), |rule| self.rule_name(rule));
                format!("it would match, but `{decider}`, above it, decides")
            }
        }
    }
}

/// Returns the value that a context has for the subject of a condition, in words.
fn had(subject: Subject, key: Option<&str>, context: &Context<'_>) -> String {
    let name = subject.as_str();
    let text = |value: Option<&str>| match value {
        Some(value) => format!("the {name} is `{value}`"),
        None => format!("there is no {name}"),
    };
    match subject.value(context) {
        ContextValue::Text(value) => text(value),
        ContextValue::Owner(owner) => text(owner.map(|owner| owner.to_string()).as_deref()),
        ContextValue::Pairs(pairs) => {
            let key = key.unwrap_or_default();
            match pairs.iter().find(|(known, _)| known == key) {
                Some((_, value)) => format!("the {name} is `{key}={value}`"),
                None => format!("there is no {name} `{key}`"),
            }
        }
        ContextValue::OfImage => "the original image has a registry, or this is a result".to_owned(),
    }
}

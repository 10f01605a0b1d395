//! Why an image is decided as it is: the same code that decides, with an observer.

use std::borrow::Cow;

use super::RuleSet;
use super::condition::{OPERATIONS, PLACES, name_of};
use super::decision::{Decision, RuleId};
use super::evaluate::{Manner, Observer};
use super::image::Image;
use super::rule::{Mismatch, Rule, Surroundings};
use crate::context::Context;
use crate::diagnostic::Span;
use crate::legacy::Answer;
use crate::syntax::ast::{Action, Subject};

/// Which rules an explanation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope<'a> {
    /// Those that the index finds for an image.
    Found,
    /// Every rule down to the one that decides.
    Every,
    /// These alone, whether they are asked or not.
    Only(&'a [RuleId]),
}

/// What was decided, and how it came to that.
#[derive(Clone, Debug)]
pub struct Explanation<'r> {
    /// What was decided.
    pub decision: Decision<'r>,
    /// The rounds, from the image of the manifest to the last result.
    pub rounds: Vec<Round>,
}

/// One round of deciding.
#[derive(Clone, Debug, Default)]
pub struct Round {
    /// The image as it stands.
    pub image: String,
    /// The rules that were looked at, in order.
    pub steps: Vec<Step>,
    /// The one of them that decides.
    pub decided_by: Option<RuleId>,
    /// Whether a map was asked, and what it made of the image.
    pub map: Option<Answer>,
}

/// A rule that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which rule.
    pub rule: RuleId,
    /// Whether it matches, else why not.
    pub outcome: Result<(), Mismatch>,
    /// Why it does not match, in words.
    pub reason: Option<String>,
}

/// A rule as it is listed.
#[derive(Clone, Debug)]
pub struct RuleInfo<'r> {
    /// Which rule.
    pub id: RuleId,
    /// Its name, else `FILE:LINE`.
    pub name: Cow<'r, str>,
    /// Whether the name is its own.
    pub is_named: bool,
    /// What it does.
    pub action: Action,
    /// Whether an `off` names it.
    pub is_off: bool,
    /// Where it stands.
    pub span: Span,
}

#[derive(Default)]
struct Notes(Vec<Round>);

impl Observer for Notes {
    fn round(&mut self, image: &str) {
        self.0.push(Round {
            image: image.to_owned(),
            ..Round::default()
        });
    }

    fn looked_at(&mut self, rule: RuleId, outcome: Result<(), Mismatch>) {
        if let Some(round) = self.0.last_mut() {
            round.steps.push(Step {
                rule,
                outcome,
                reason: None,
            });
        }
    }

    fn asked_map(&mut self, answer: &Answer) {
        if let Some(round) = self.0.last_mut() {
            round.map = Some(answer.clone());
        }
    }
}

impl RuleSet {
    /// Decides an image and tells how.
    #[must_use]
    pub fn explain(&self, image: &str, context: &Context<'_>, scope: Scope<'_>) -> Explanation<'_> {
        let mut notes = Notes::default();
        let manner = Manner {
            ask_all: scope == Scope::Every,
            ..Manner::default()
        };
        let decision = self.decide_watched(image, context, manner, &mut notes);
        let mut rounds = notes.0;
        for round in &mut rounds {
            round.decided_by = self.decider(&round.steps);
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

    /// The rule that decides a round: it is the last one that is looked at.
    fn decider(&self, steps: &[Step]) -> Option<RuleId> {
        let last = steps.last().filter(|step| step.outcome.is_ok())?;
        let rule = self.rule(last.rule)?;
        (rule.action != Action::Warn).then_some(last.rule)
    }

    /// What a rule says in a round, or would say if it were asked; none for a map.
    fn step_of(&self, rule: RuleId, round: &Round, context: &Context<'_>) -> Option<Step> {
        if let Some(step) = round.steps.iter().find(|step| step.rule == rule) {
            return Some(step.clone());
        }
        let surroundings = Surroundings {
            files: &self.files,
            home: &self.home,
            nothing_is_off: false,
        };
        let image = Image::parse(&round.image).ok()?;
        let outcome = self.rule(rule)?.check(&image, context, &surroundings);
        Some(Step {
            rule,
            outcome: outcome.and(Err(Mismatch::Decided)),
            reason: None,
        })
    }

    /// The rules, in order.
    pub fn rules(&self) -> impl ExactSizeIterator<Item = RuleInfo<'_>> {
        self.rules
            .iter()
            .enumerate()
            .map(|(number, rule)| self.info_of(number, rule))
    }

    /// The rule of an id; none for a map.
    #[must_use]
    pub fn info(&self, rule: RuleId) -> Option<RuleInfo<'_>> {
        let number = self.position(rule)?;
        Some(self.info_of(number, self.rules.get(number)?))
    }

    fn info_of<'r>(&'r self, number: usize, rule: &'r Rule) -> RuleInfo<'r> {
        RuleInfo {
            id: RuleId(u32::try_from(number).unwrap_or(u32::MAX)),
            name: self.name_of(rule),
            is_named: rule.name.is_some(),
            action: rule.action,
            is_off: rule.is_off,
            span: rule.span,
        }
    }

    /// Why a rule did not match, in words.
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
                        format!("`{condition}` does not hold: {has}")
                    }
                    None => "a condition does not hold".to_owned(),
                }
            }
            Mismatch::Home => {
                "the image is at home, and the pattern has a wildcard in its registry".to_owned()
            }
            Mismatch::OwnShape => "the image has the shape of the rule's own target".to_owned(),
            Mismatch::Decided => {
                let decider = decided_by.map_or("a rule".into(), |rule| self.rule_name(rule));
                format!("it would match, but `{decider}`, above it, decides")
            }
        }
    }
}

/// What an object has of the thing that a condition asks about.
fn had(subject: Subject, key: Option<&str>, context: &Context<'_>) -> String {
    let name = subject.as_str();
    let text = |value: Option<&str>| match value {
        Some(value) => format!("the {name} is `{value}`"),
        None => format!("there is no {name}"),
    };
    let pair = |pairs: &[(std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)]| {
        let key = key.unwrap_or_default();
        match pairs.iter().find(|(known, _)| known == key) {
            Some((_, value)) => format!("the {name} is `{key}={value}`"),
            None => format!("there is no {name} `{key}`"),
        }
    };
    match subject {
        Subject::Namespace => text(context.namespace),
        Subject::Label => pair(context.labels),
        Subject::Annotation => pair(context.annotations),
        Subject::Owner => match context.owner {
            Some(owner) if owner.group.is_empty() => text(Some(owner.kind)),
            Some(owner) => text(Some(&format!("{}.{}", owner.kind, owner.group))),
            None => text(None),
        },
        Subject::Container => text(context.container),
        Subject::Place => text(name_of(&PLACES, &context.place)),
        Subject::Kind => text(context.kind),
        Subject::Operation => text(
            context
                .operation
                .and_then(|operation| name_of(&OPERATIONS, &operation)),
        ),
        Subject::User => text(context.user),
        Subject::Hook => text(context.hook),
        Subject::Unqualified => "the image is spelled with a registry, or is a result".to_owned(),
    }
}

//! The steps of a round.

use imageswap_engine::diagnostic::{SourceMap, visible};
use imageswap_engine::legacy::Answer;
use imageswap_engine::rules::{Compiled, LEGACY_RULE, Round, Step};

/// A round of an evaluation, as texts.
#[derive(Debug)]
pub(crate) struct ShownRound<'e> {
    set: &'e Compiled,
    sources: &'e SourceMap,
    round: &'e Round,
    is_result: bool,
}

/// A rule or a map that was examined, as texts.
#[derive(Debug)]
pub(crate) struct ShownStep {
    /// Name of the rule.
    pub(crate) rule: String,
    /// The first line of the rule, or the line of the map that answers; `None` if no line does.
    pub(crate) text: Option<String>,
    /// The reason why it does not match, or what it does.
    pub(crate) outcome: String,
    /// True if it matches.
    pub(crate) matches: bool,
}

impl<'e> ShownRound<'e> {
    /// Returns a round. `number` counts from 1.
    pub(crate) fn new(set: &'e Compiled, sources: &'e SourceMap, round: &'e Round, number: usize) -> Self {
        Self {
            set,
            sources,
            round,
            is_result: number > 1,
        }
    }

    /// Returns the image at the start of the round.
    pub(crate) fn image(&self) -> String {
        visible(&self.round.image).into_owned()
    }

    /// Returns the rules that were examined.
    pub(crate) fn steps(&self) -> impl ExactSizeIterator<Item = ShownStep> {
        self.round.steps.iter().map(|step| self.step(step))
    }

    fn step(&self, step: &Step) -> ShownStep {
        let info = self.set.info(step.rule);
        let text = info.map(|rule| self.sources.slice(rule.span).lines().next().unwrap_or_default());
        let outcome = step.reason.as_deref().unwrap_or("matches");
        ShownStep {
            rule: self.set.rule_name(step.rule).into_owned(),
            text: Some(visible(text.unwrap_or_default()).into_owned()),
            outcome: visible(outcome).into_owned(),
            matches: step.reason.is_none(),
        }
    }

    /// Returns the answer of the map. `None` if it was not consulted.
    pub(crate) fn map(&self) -> Option<ShownStep> {
        self.round.map.as_ref().map(|answer| self.answer(answer))
    }

    fn answer(&self, answer: &Answer) -> ShownStep {
        let outcome = match &answer.result {
            Some(result) => format!("swaps it to `{}`", visible(result)),
            None => "does not swap it".to_owned(),
        };
        let (text, outcome) = match answer.line {
            None => (None, format!("the map {outcome}")),
            Some(line) => {
                let (file, number) = self.sources.file_and_line(line);
                (
                    Some(visible(self.sources.slice(line)).into_owned()),
                    format!("line {number} of {} {outcome}", visible(file)),
                )
            }
        };
        ShownStep {
            rule: LEGACY_RULE.to_owned(),
            text,
            outcome,
            matches: answer.result.is_some(),
        }
    }

    /// Returns the last line of a round in which no rule matches. For the first round, the headline says so.
    pub(crate) fn end(&self) -> Option<&'static str> {
        let Round {
            steps,
            decided_by,
            map,
            ..
        } = self.round;
        let has_no_match = decided_by.is_none() && steps.iter().all(|step| step.reason.is_some());
        (self.is_result && map.is_none() && has_no_match).then_some("no rule matches, so this is the result")
    }
}

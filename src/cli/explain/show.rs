//! Explanations, written for people and for machines.

use imageswap_engine::admission::{ExplainedImage, SkipReason};
use imageswap_engine::diagnostic::{SourceMap, visible};
use imageswap_engine::rules::{Compiled, Explanation, Round};
use imageswap_files::FieldImage;

use super::object::{Explained, ExplainedField, ExplainedNamedField};
use crate::cli::error::CommandError;
use crate::cli::input::name_of_field;
use crate::cli::output::Output;
use crate::cli::report::Format;
use crate::explanations::{ShownRound, ShownStep, headline, skip_reason_text, texts_of};

/// Output of explanations, with the set that they are about.
pub(super) struct ExplanationWriter<'o, 's> {
    pub(super) output: &'o mut Output,
    pub(super) set: &'s Compiled,
    pub(super) sources: &'s SourceMap,
    /// True if an image was kept and no rule was shown for it.
    pub(super) lacks_rules: bool,
}

impl ExplanationWriter<'_, '_> {
    /// Shows the explanation of an image from the command line or stdin.
    pub(super) fn image(&mut self, image: &str, explanation: &Explanation<'_>) -> Result<(), CommandError> {
        match self.output.format {
            Format::Json => self.output.object(&Explained::new(self.set, image, explanation)),
            Format::Short => {
                let line = self.headline(image, explanation);
                self.output.line(line)
            }
            Format::Human => self.in_full(image, explanation),
        }
    }

    /// Shows the explanation of an image of an object.
    pub(super) fn field(&mut self, object: &str, field: &ExplainedImage<'_>) -> Result<(), CommandError> {
        let of = name_of_field(object, field.container.as_deref(), field.place);
        match (self.output.format, &field.verdict) {
            (Format::Json, _) => self.output.object(&ExplainedField::new(self.set, object, field)),
            (Format::Human, Ok(explanation)) => {
                self.output.line(format_args!("# {}", visible(&of)))?;
                self.in_full(&field.image, explanation)
            }
            (Format::Short, Ok(explanation)) => {
                let line = self.headline(&field.image, explanation);
                self.output.line(format_args!("{}: {line}", visible(&of)))
            }
            (Format::Human | Format::Short, Err(SkipReason::NoImage)) => {
                self.output.line(format_args!("{} has no image", visible(&of)))
            }
            (Format::Human | Format::Short, Err(reason)) => self.output.line(format_args!(
                "{}: {} is skipped: {}",
                visible(&of),
                visible(&field.image),
                skip_reason_text(*reason)
            )),
        }
    }

    /// Shows the explanation of an image in a field that the user names.
    pub(super) fn named_field(
        &mut self,
        object: &str,
        field: &FieldImage,
        explanation: &Explanation<'_>,
    ) -> Result<(), CommandError> {
        let of = format!("{object}, {}", field.path);
        match self.output.format {
            Format::Json => {
                self.output
                    .object(&ExplainedNamedField::new(self.set, object, field, explanation))
            }
            Format::Human => {
                self.output.line(format_args!("# {}", visible(&of)))?;
                self.in_full(&field.image, explanation)
            }
            Format::Short => {
                let line = self.headline(&field.image, explanation);
                self.output.line(format_args!("{}: {line}", visible(&of)))
            }
        }
    }

    fn headline(&self, image: &str, explanation: &Explanation<'_>) -> String {
        headline(self.set, image, explanation)
    }

    fn in_full(&mut self, image: &str, explanation: &Explanation<'_>) -> Result<(), CommandError> {
        let line = self.headline(image, explanation);
        self.output.line(line)?;
        if let Ok(decision) = &explanation.decision {
            for line in texts_of(self.set, decision) {
                self.output.line(format_args!("  {line}"))?;
            }
        }
        let is_bare = |round: &Round| round.steps.is_empty() && round.map.is_none();
        self.lacks_rules |= explanation.rounds.first().is_some_and(is_bare);
        let several = explanation.rounds.len() > 1;
        for (number, round) in (1..).zip(&explanation.rounds) {
            let round = ShownRound::new(self.set, self.sources, round, number);
            if several {
                self.output
                    .line(format_args!("  round {number}: {}", round.image()))?;
            }
            self.round(&round)?;
        }
        Ok(())
    }

    fn round(&mut self, round: &ShownRound<'_>) -> Result<(), CommandError> {
        let width = round
            .steps()
            .map(|step| step.rule.len())
            .max()
            .unwrap_or_default();
        for step in round.steps() {
            self.step(&step, width)?;
        }
        if let Some(step) = round.map() {
            self.step(&step, step.rule.len())?;
        }
        match round.end() {
            Some(end) => self.output.line(format_args!("    {end}")),
            None => Ok(()),
        }
    }

    fn step(&mut self, step: &ShownStep, width: usize) -> Result<(), CommandError> {
        let ShownStep {
            rule,
            text,
            outcome,
            matches,
        } = step;
        let sign = if *matches { '*' } else { ' ' };
        let Some(text) = text else {
            return self.output.line(format_args!("  {sign} {rule}  {outcome}"));
        };
        self.output.line(format_args!("  {sign} {rule:width$}  {text}"))?;
        self.output.line(format_args!("    {:width$}  {outcome}", ""))
    }
}

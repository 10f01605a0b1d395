//! Explanations, written for people and for machines.

use imageswap_engine::admission::{ExplainedImage, SkipReason};
use imageswap_engine::diagnostic::{SourceMap, visible};
use imageswap_engine::legacy::Answer;
use imageswap_engine::rules::{Compiled, Decision, Effect, Explanation, Invalid, LEGACY_RULE, Round};
use imageswap_files::FieldImage;

use super::object::{Explained, ExplainedField, ExplainedNamedField};
use crate::cli::error::CommandError;
use crate::cli::input::name_of_field;
use crate::cli::output::Output;
use crate::cli::report::Format;

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

    /// Returns the result for an image and the deciding rule on one line.
    fn headline(&self, image: &str, explanation: &Explanation<'_>) -> String {
        let image = visible(image);
        let decision = match &explanation.decision {
            Ok(decision) => decision,
            Err(endless) => return format!("{image} {}", visible(&endless.to_string())),
        };
        let by = match decision.counted_rule() {
            Some(rule) => format!(" by {}", self.set.rule_name(rule)),
            None => String::new(),
        };
        match decision.effect() {
            Effect::Swap(result) => format!("{image} -> {result}{by}"),
            Effect::Keep if by.is_empty() => format!("{image} is kept: {}", kept_reason_text(explanation)),
            Effect::Keep => format!("{image} is kept{by}"),
            Effect::Deny => format!("{image} is denied{by}"),
            Effect::Invalid(Invalid::Image(error)) => {
                format!("{image} is not changed, because it is not a valid image: {error}")
            }
            Effect::Invalid(Invalid::Result(result)) => {
                format!(
                    "{image} is not changed, because its swap{by} to `{}` does not produce a valid image",
                    visible(result)
                )
            }
        }
    }

    fn in_full(&mut self, image: &str, explanation: &Explanation<'_>) -> Result<(), CommandError> {
        let line = self.headline(image, explanation);
        self.output.line(line)?;
        if let Ok(decision) = &explanation.decision {
            self.texts_of(decision)?;
        }
        let is_bare = |round: &Round| round.steps.is_empty() && round.map.is_none();
        self.lacks_rules |= explanation.rounds.first().is_some_and(is_bare);
        let several = explanation.rounds.len() > 1;
        for (number, round) in (1..).zip(&explanation.rounds) {
            if several {
                self.output
                    .line(format_args!("  round {number}: {}", visible(&round.image)))?;
            }
            self.round(round, number > 1)?;
        }
        Ok(())
    }

    /// Shows the reason of a decision, its warnings and its pull secrets.
    fn texts_of(&mut self, decision: &Decision<'_>) -> Result<(), CommandError> {
        if let Some(because) = decision.counted_rule().and_then(|rule| self.set.because(rule)) {
            self.output
                .line(format_args!("  because: {}", visible(because)))?;
        }
        for rule in decision.warnings() {
            let because = self.set.because(*rule).unwrap_or_default();
            let name = self.set.rule_name(*rule);
            self.output
                .line(format_args!("  warning from {name}: {}", visible(because)))?;
        }
        for secret in decision.pull_secrets() {
            self.output.line(format_args!("  pull secret: {secret}"))?;
        }
        Ok(())
    }

    /// Shows a round. For the result of the first round, the headline already says that no rule matches.
    fn round(&mut self, round: &Round, is_result: bool) -> Result<(), CommandError> {
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
            Some(answer) => self.map(answer),
            None if is_result
                && round.decided_by.is_none()
                && round.steps.iter().all(|step| step.reason.is_some()) =>
            {
                self.output.line("    no rule matches, so this is the result")
            }
            None => Ok(()),
        }
    }

    /// Shows the result of a map, and the line that produced it.
    fn map(&mut self, answer: &Answer) -> Result<(), CommandError> {
        let outcome = match &answer.result {
            Some(result) => format!("swaps it to `{}`", visible(result)),
            None => "does not swap it".to_owned(),
        };
        let sign = if answer.result.is_some() { '*' } else { ' ' };
        let Some(line) = answer.line else {
            return self
                .output
                .line(format_args!("  {sign} {LEGACY_RULE}  the map {outcome}"));
        };
        let (file, number) = self.sources.file_and_line(line);
        let text = visible(self.sources.slice(line));
        self.output.line(format_args!("  {sign} {LEGACY_RULE}  {text}"))?;
        self.output.line(format_args!(
            "    {:width$}  line {number} of {} {outcome}",
            "",
            visible(file),
            width = LEGACY_RULE.len()
        ))
    }
}

/// Returns the reason why an image is kept that no rule decided.
fn kept_reason_text(explanation: &Explanation<'_>) -> &'static str {
    match explanation.rounds.last() {
        // The engine does not evaluate the image `auto`, so there is no round.
        None => skip_reason_text(SkipReason::Auto),
        Some(round) if round.map.is_some() => "no rule matches, and the map does not swap it",
        Some(_) => "no rule matches",
    }
}

/// Returns the reason why an image is skipped, as text.
fn skip_reason_text(reason: SkipReason) -> &'static str {
    match reason {
        SkipReason::Disabled => "the object has the break-glass label",
        SkipReason::Deleting => "the object is being deleted",
        SkipReason::MirrorPod => "the Pod mirrors a static Pod",
        SkipReason::Unchanged => "the update does not change it",
        SkipReason::Auto => "Istio's injector fills it in",
        SkipReason::TooMany => "the request has too many images",
        SkipReason::InvalidImage | SkipReason::InvalidResult | SkipReason::NoImage => reason.as_str(),
    }
}

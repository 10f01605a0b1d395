//! The evaluation of an image, round by round, until no rule changes the result.

use super::compiled::Compiled;
use super::decision::{Decision, DoesNotSettle, Effect, Invalid, Matched};
use super::distinct::Distinct;
use super::id::RuleId;
use super::image::{AUTO, Image};
use super::index::Candidates;
use super::interrupt::Interrupt;
use super::rule::{Guards, Mismatch, Rule};
use crate::context::Context;
use crate::legacy::Answer;
use crate::reference::Reference;
use crate::syntax::ast::Action;

/// Observes an evaluation. `explain` uses it, so it shows the steps that the webhook takes.
pub(crate) trait Observer {
    /// Records that a round begins with this image.
    fn round(&mut self, _image: &str) {}
    /// Records that a rule was examined.
    fn step(&mut self, _rule: RuleId, _outcome: Result<(), Mismatch>) {}
    /// Records the answer of the map, which is consulted if no rule decides.
    fn map(&mut self, _answer: &Answer) {}
    /// Returns true if the evaluation ends before the next step. Its decision then has no meaning.
    fn ends_evaluation(&self, _image: &str) -> bool {
        false
    }
}

/// Observes nothing.
impl Observer for () {}

/// Ends the evaluation once it is interrupted.
impl Observer for Option<&Interrupt<'_>> {
    fn ends_evaluation(&self, image: &str) -> bool {
        self.is_some_and(|interrupt| interrupt.step(image).is_err())
    }
}

/// Records the rules that match.
#[derive(Default)]
struct Matches(Vec<RuleId>);

impl Observer for Matches {
    fn step(&mut self, rule: RuleId, outcome: Result<(), Mismatch>) {
        self.0.extend(outcome.is_ok().then_some(rule));
    }
}

/// The rules that take part in an evaluation.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Selection<'w> {
    /// Examine every rule instead of those that the index finds.
    pub(crate) every: bool,
    /// Also examine rules that the index finds, but whose conditions are not true.
    pub(crate) any_values: bool,
    /// Include rules that are off, as tests do.
    pub(crate) with_off: bool,
    /// Exclude these rules, which are in ascending order.
    pub(crate) without: &'w [RuleId],
}

/// The warnings and pull secrets of a decision. A set may have 100,000 rules that warn, and as many rounds.
#[derive(Default)]
struct Known<'r> {
    warnings: Distinct<RuleId>,
    pull_secrets: Distinct<&'r str>,
}

impl Compiled {
    /// Evaluates an image.
    ///
    /// Allocates nothing unless the image changes, a `warn` rule matches or a pull secret is added.
    ///
    /// # Errors
    ///
    /// Returns an error if swaps still match after every one of them could have matched once. Verified sets have no such
    /// image.
    pub(crate) fn evaluate(
        &self,
        original: &str,
        context: &Context<'_>,
        selection: Selection<'_>,
        observer: &mut impl Observer,
    ) -> Result<Decision<'_>, DoesNotSettle> {
        let mut decision = Decision::keep();
        // Before parsing: `auto` is a valid short name, and would be swapped as an image of Docker Hub.
        if original == AUTO {
            return Ok(decision);
        }
        let mut known = Known::default();
        let mut result: Option<String> = None;
        let mut settles = false;
        // In a set without cycles each swap matches once at most.
        for _ in 0..=self.rules.len() {
            let current = result.as_deref().unwrap_or(original);
            let image = match Image::parse(current) {
                Ok(image) => image,
                Err(error) => return Ok(Decision::invalid(Invalid::Image(error))),
            };
            observer.round(current);
            let Some((id, rule)) = self.first_match(
                &image,
                context,
                selection,
                &mut decision.warnings,
                &mut known.warnings,
                observer,
            ) else {
                // Only in the first round, because the map decides original images, not results.
                if result.is_none() {
                    self.consult_map(&image, &mut decision, observer);
                }
                settles = true;
                break;
            };
            if rule.action == Action::Deny {
                // The object is not created, so its Pod needs no secret of an earlier round.
                decision.pull_secrets.clear();
                decision.ended_by = Some(id);
                decision.effect = Effect::Deny;
                return Ok(decision);
            }
            if let Some(secret) = rule.pull_secret.as_deref() {
                known.pull_secrets.add(secret, &mut decision.pull_secrets);
            }
            // A rule that decides without a target and is not a `deny` is a `keep`.
            let Some(target) = &rule.target else {
                decision.ended_by = Some(id);
                settles = true;
                break;
            };
            decision.swaps.push(id);
            match target.expand(&image, &rule.pattern) {
                Ok(text) => result = Some(text),
                Err(text) => {
                    // The image stays as it was, so a secret for the result would be wrong.
                    decision.pull_secrets.clear();
                    decision.effect = Effect::Invalid(Invalid::Result(text));
                    return Ok(decision);
                }
            }
        }
        // Reached only by a preview, because a verified set settles within these rounds.
        if !settles {
            return Err(DoesNotSettle {
                rounds: self.rules.len() + 1,
                image: result.unwrap_or_default(),
            });
        }
        // A result with the text of the original image is not a change.
        if let Some(result) = result.filter(|result| result != original) {
            decision.effect = Effect::Swap(result);
        }
        Ok(decision)
    }

    /// Evaluates an image as if some rules, given in ascending order, were missing, with the same home, and also
    /// returns the rules that match.
    pub(crate) fn evaluate_without(
        &self,
        rules: &[RuleId],
        original: &str,
        context: &Context<'_>,
    ) -> Result<Matched<'_>, DoesNotSettle> {
        let selection = Selection {
            without: rules,
            ..Selection::default()
        };
        let mut matches = Matches::default();
        let decision = self.evaluate(original, context, selection, &mut matches)?;
        Ok(Matched {
            decision,
            rules: matches.0,
        })
    }

    /// Returns the rules that match an image in the first round: those that warn, and after them the one that decides.
    pub(crate) fn first_round(&self, original: &str, context: &Context<'_>) -> Vec<RuleId> {
        let mut matched = Matches::default();
        // Like `evaluate`: the webhook skips these before any rule.
        if original != AUTO
            && let Ok(image) = Image::parse(original)
        {
            let mut warnings = Vec::new();
            let mut known = Distinct::default();
            let selection = Selection::default();
            self.first_match(
                &image,
                context,
                selection,
                &mut warnings,
                &mut known,
                &mut matched,
            );
        }
        matched.0
    }

    /// Returns the first rule that decides. `warn` rules above it warn.
    fn first_match(
        &self,
        image: &Image<'_>,
        context: &Context<'_>,
        selection: Selection<'_>,
        warnings: &mut Vec<RuleId>,
        known: &mut Distinct<RuleId>,
        observer: &mut impl Observer,
    ) -> Option<(RuleId, &Rule)> {
        let guards = Guards {
            files: &self.files,
            home: &self.home,
            with_off: selection.with_off,
        };
        let all: Vec<RuleId>;
        let candidates = if selection.every {
            all = (0..self.rules.len()).filter_map(RuleId::new).collect();
            Candidates::all(&all)
        } else if selection.any_values {
            self.index.candidates(image, context.namespace)
        } else {
            self.index.candidates_in(image, context)
        };
        for id in candidates {
            if observer.ends_evaluation(image.text) {
                return None;
            }
            let Some(rule) = self.rule(id) else {
                continue;
            };
            // The list is short and sorted, and empty for every request.
            if selection.without.binary_search(&id).is_ok() {
                continue;
            }
            let outcome = rule.check(image, context, &guards);
            observer.step(id, outcome);
            if outcome.is_err() {
                continue;
            }
            if rule.action != Action::Warn {
                return Some((id, rule));
            }
            // A rule warns once for each original image, although it may match in several rounds.
            known.add(id, warnings);
        }
        None
    }

    /// Consults the old configuration about an image that no rule decides, that is not at home and that is not one of a
    /// target's own images. Its answer is final.
    fn consult_map(&self, image: &Image<'_>, decision: &mut Decision<'_>, observer: &mut impl Observer) {
        let Some(legacy) = &self.legacy else { return };
        // These images are final, or results of rules, so the map must not swap them.
        if self.home.holds(image.name()) || self.has_shape_of_a_target(image) {
            return;
        }
        let Ok(reference) = Reference::parse(image.text) else {
            return;
        };
        let answer = legacy.decide(image.text, &reference);
        observer.map(&answer);
        let Some(text) = answer.result.filter(|text| text != image.text) else {
            return;
        };
        decision.effect = if Image::parse(&text).is_ok() {
            Effect::Swap(text)
        } else {
            Effect::Invalid(Invalid::Result(text))
        };
        decision.swaps.push(RuleId::LEGACY);
    }

    fn has_shape_of_a_target(&self, image: &Image<'_>) -> bool {
        // Without a namespace: the own images of a target do not depend on conditions.
        self.shapes.candidates(image, None).any(|id| {
            self.rule(id)
                .and_then(|rule| rule.target.as_ref())
                .is_some_and(|target| target.has_shape_of(image))
        })
    }
}

//! A preview: a set that evaluates images before it is verified, or although it was rejected.

use std::ops::Deref;

use crate::analysis::lints;
use crate::context::Context;
use crate::diagnostic::{Diagnostic, Findings, SourceId};
use crate::rules::evaluate::Selection;
use crate::rules::{Compiled, Decision, DoesNotSettle, Explanation, Matched, RuleId, Scope};
use crate::suite::{Report, Test};

/// A set that evaluates images without the promise that every evaluation settles.
///
/// It dereferences to the names, positions and texts of its rules.
#[derive(Clone, Copy, Debug)]
pub struct Preview<'c> {
    compiled: &'c Compiled,
}

impl<'c> Preview<'c> {
    pub(super) fn new(compiled: &'c Compiled) -> Self {
        Self { compiled }
    }

    /// Returns the names, positions and texts of the rules.
    #[must_use]
    pub fn compiled(self) -> &'c Compiled {
        self.compiled
    }

    /// Evaluates an image.
    ///
    /// # Errors
    ///
    /// Returns an error if the rules form a cycle that the image enters.
    pub fn evaluate(self, image: &str, context: &Context<'_>) -> Result<Decision<'c>, DoesNotSettle> {
        self.compiled
            .evaluate(image, context, Selection::default(), &mut ())
    }

    /// Evaluates an image as if some rules, given in ascending order, were missing, with the same home. The
    /// difference shows whether these rules matter. Also returns the rules that match, round by round.
    ///
    /// # Errors
    ///
    /// Returns an error if the other rules form a cycle that the image enters.
    pub fn evaluate_without(
        self,
        rules: &[RuleId],
        image: &str,
        context: &Context<'_>,
    ) -> Result<Matched<'c>, DoesNotSettle> {
        self.compiled.evaluate_without(rules, image, context)
    }

    /// Returns the lints, without the other checks.
    #[must_use]
    pub fn lint(self) -> Findings {
        lints::lint(self.compiled)
    }

    /// Reports each lint, also those that [`Self::lint`] only counts, and not in the order of the rules.
    pub fn each_lint(self, mut report: impl FnMut(Diagnostic)) {
        lints::each_lint(self.compiled, &mut report);
    }

    /// Evaluates an image and records each step.
    #[must_use]
    pub fn explain(self, image: &str, context: &Context<'_>, scope: Scope<'_>) -> Explanation<'c> {
        self.compiled.explain(image, context, scope)
    }

    /// Returns a warning for each line of the set's map whose result a rule or another line swaps again.
    ///
    /// `source` and `text` are those of the map. Each line is tried with a sample image of its own, so the time is
    /// linear in the length of the map.
    #[must_use]
    pub fn lint_map(self, source: SourceId, text: &str) -> Findings {
        lints::swapped_again(self.compiled, source, text)
    }

    /// Runs tests with every rule on.
    #[must_use]
    pub fn run_tests(self, tests: &[Test]) -> Report<'c> {
        self.compiled.run_tests(tests)
    }

    /// Returns the error of a failed test.
    #[must_use]
    pub fn test_failure(self, test: &Test, decision: &Result<Decision<'_>, DoesNotSettle>) -> Diagnostic {
        self.compiled.test_failure(test, decision)
    }
}

impl Deref for Preview<'_> {
    type Target = Compiled;

    fn deref(&self) -> &Compiled {
        self.compiled
    }
}

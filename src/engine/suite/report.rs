//! Running the tests of a set, and the findings about tests that fail or reach no rule.

use super::test::{Expected, Test, is_same};
use crate::diagnostic::{Code, Diagnostic, Findings, Help};
use crate::legacy::Answer;
use crate::rules::evaluate::{Observer, Selection};
use crate::rules::image::AUTO;
use crate::rules::{Compiled, Decision, DoesNotSettle, Effect, Invalid, Mismatch, RuleId};

/// The outcomes of the tests of a set.
#[derive(Debug, Default)]
pub struct Report<'r> {
    /// One for each test, in order.
    pub outcomes: Vec<TestOutcome<'r>>,
    /// Number of tests in which each rule decided or warned, by its index in the set.
    pub reached: Vec<u32>,
}

/// The outcome of one test.
#[derive(Debug)]
pub struct TestOutcome<'r> {
    /// `true` if it is the expected one.
    pub passed: bool,
    /// `true` if no rule matches, and none would without a condition or a guard.
    pub is_idle: bool,
    /// The rules that matched in any round, and the map if it had an answer.
    pub matched: Vec<RuleId>,
    /// The decision.
    pub decision: Result<Decision<'r>, DoesNotSettle>,
}

/// Records the rules that match, and those that conditions or guards hold back.
#[derive(Default)]
struct MatchedRules {
    matched: Vec<RuleId>,
    /// `true` if a rule whose pattern matches was held back by a condition or a guard.
    was_held_back: bool,
}

impl Observer for MatchedRules {
    fn step(&mut self, rule: RuleId, outcome: Result<(), Mismatch>) {
        match outcome {
            Ok(()) => self.matched.push(rule),
            // The pattern matches, so the rule would have matched without this condition or guard.
            Err(Mismatch::Condition(_) | Mismatch::Home | Mismatch::OwnImage) => self.was_held_back = true,
            Err(Mismatch::Off | Mismatch::Pattern | Mismatch::Decided) => {}
        }
    }

    fn map(&mut self, answer: &Answer) {
        self.matched
            .extend(answer.result.as_ref().map(|_| RuleId::LEGACY));
    }
}

impl Compiled {
    /// Runs tests with every rule on.
    pub(crate) fn run_tests(&self, tests: &[Test]) -> Report<'_> {
        let mut reached = vec![0_u32; self.len()];
        let selection = Selection {
            with_off: true,
            ..Selection::default()
        };
        let outcomes = tests
            .iter()
            .map(|test| {
                let mut matches = MatchedRules::default();
                let decision = self.evaluate(&test.image, &test.setting.context(), selection, &mut matches);
                for rule in &matches.matched {
                    if let Some(count) = rule.place().and_then(|place| reached.get_mut(place)) {
                        *count = count.saturating_add(1);
                    }
                }
                TestOutcome {
                    passed: decision
                        .as_ref()
                        .is_ok_and(|decision| test.is_passed_by(decision)),
                    // Rules never see `auto`, so a test of it documents that.
                    is_idle: matches.matched.is_empty() && !matches.was_held_back && &*test.image != AUTO,
                    matched: matches.matched,
                    decision,
                }
            })
            .collect();
        Report { outcomes, reached }
    }

    /// Runs tests, and returns a finding for each that fails or is idle.
    pub(crate) fn test_findings(&self, tests: &[Test]) -> Findings {
        let report = self.run_tests(tests);
        tests
            .iter()
            .zip(&report.outcomes)
            .filter_map(|(test, outcome)| {
                if !outcome.passed {
                    Some(self.test_failure(test, &outcome.decision))
                } else if outcome.is_idle {
                    Some(idle(test))
                } else {
                    None
                }
            })
            .collect()
    }

    /// Returns the error of a failed test.
    pub(crate) fn test_failure(
        &self,
        test: &Test,
        decision: &Result<Decision<'_>, DoesNotSettle>,
    ) -> Diagnostic {
        let expected = match &test.expected {
            Expected::Image(image) => format!("`{image}`"),
            Expected::Keep => "keep".to_owned(),
            Expected::Deny => "deny".to_owned(),
            Expected::Warn => "a warning".to_owned(),
        };
        let decision = match decision {
            Ok(decision) => decision,
            Err(endless) => {
                return Diagnostic::error(
                    Code::TEST_FAILED,
                    format!("test of `{}` failed: the evaluation {endless}", test.image),
                    test.span,
                );
            }
        };
        let actual = match (&test.expected, decision.effect()) {
            (Expected::Warn, _) => "none".to_owned(),
            (_, Effect::Keep) => "keep".to_owned(),
            (_, Effect::Swap(result)) => format!("`{result}`"),
            (_, Effect::Deny) => "deny".to_owned(),
            (_, Effect::Invalid(Invalid::Result(result))) => {
                format!("`{result}`, which is not a valid image")
            }
            (_, Effect::Invalid(Invalid::Image(error))) => format!("keep: {error}"),
        };
        let mut finding = Diagnostic::error(
            Code::TEST_FAILED,
            format!(
                "test of `{}` failed: expected {expected}, got {actual}",
                test.image
            ),
            test.span,
        );
        finding = match decision.counted_rule() {
            Some(RuleId::LEGACY) => finding.note("decided by the map"),
            Some(rule) => match self.rule(rule) {
                Some(rule) => finding.also(rule.span, "decided by this rule"),
                None => finding,
            },
            None => finding.note("no rule matched"),
        };
        if let Expected::Image(image) = &test.expected
            && let Some(outcome) = ["keep", "deny", "warn"]
                .into_iter()
                .find(|word| is_same(image, word))
        {
            finding = finding.help(format!(
                "write the outcome without an arrow: `test {} {outcome}`",
                test.image
            ));
        }
        finding = finding.help(Help::Explain {
            image: test.image.to_string(),
            context: test.setting.words().collect(),
        });
        match (&test.expected, decision.effect()) {
            (Expected::Warn, _) | (_, Effect::Invalid(_)) => finding,
            (_, Effect::Swap(result)) => finding.help(format!("if this is intended, write `-> {result}`")),
            (_, Effect::Keep) => finding.help("if this is intended, write `keep`"),
            (_, Effect::Deny) => finding.help("if this is intended, write `deny`"),
        }
    }
}

/// Returns the warning about a test in which no rule matches.
fn idle(test: &Test) -> Diagnostic {
    Diagnostic::warning(
        Code::IDLE_TEST,
        format!("no rule matches in the test of `{}`", test.image),
        test.span,
    )
    .label("the outcome is the same without rules")
    .help("test an image that a rule swaps, keeps or denies, add a `keep` for this one, or remove the test")
}

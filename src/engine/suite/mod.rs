//! The tests that a set brings with it.

use crate::context::Setting;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::legacy::Answer;
use crate::rules::evaluate::{Manner, Observer};
use crate::rules::image::Image;
use crate::rules::rule::Mismatch;
use crate::rules::{AUTO, RuleSet};
use crate::rules::{Decision, Effect, Invalid, RuleId};

/// A `test` statement.
#[derive(Clone, Debug)]
pub struct Test {
    /// Where it stands.
    pub span: Span,
    /// The image that is decided.
    pub image: Box<str>,
    /// What must come out.
    pub expected: Expected,
    pub(crate) setting: Setting,
}

/// What must come out of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// This image, moved or not, compared by meaning.
    Image(Box<str>),
    /// The image stays.
    Keep,
    /// The object is refused.
    Deny,
    /// Some warn rule speaks.
    Warn,
}

/// What came of the tests of a set.
#[derive(Debug, Default)]
pub struct Report<'r> {
    /// One for each test, in order.
    pub outcomes: Vec<TestOutcome<'r>>,
    /// How often each rule decided, or warned, in the tests; by its place in the set.
    pub reached: Vec<u32>,
}

/// What came of one test.
#[derive(Debug)]
pub struct TestOutcome<'r> {
    /// Whether it is what was expected.
    pub passed: bool,
    /// Whether no rule had a part in it, not even by leaving the image alone.
    pub is_idle: bool,
    /// The rules that matched, in whatever round, and the map if it had an answer.
    pub matched: Vec<RuleId>,
    /// What was decided.
    pub decision: Decision<'r>,
}

/// Notes which rules had a part.
#[derive(Default)]
struct Parts {
    matched: Vec<RuleId>,
    /// Whether a rule whose pattern matches left the image alone.
    was_held_back: bool,
}

impl Observer for Parts {
    fn looked_at(&mut self, rule: RuleId, outcome: Result<(), Mismatch>) {
        match outcome {
            Ok(()) => self.matched.push(rule),
            // The pattern matches: the rule would have decided, had it not been held back.
            Err(Mismatch::Condition(_) | Mismatch::Home | Mismatch::OwnShape) => self.was_held_back = true,
            Err(Mismatch::Off | Mismatch::Pattern | Mismatch::Decided) => {}
        }
    }

    fn asked_map(&mut self, answer: &Answer) {
        self.matched
            .extend(answer.result.as_ref().map(|_| RuleId::LEGACY));
    }
}

impl RuleSet {
    /// Runs tests, as if nothing were off.
    #[must_use]
    pub fn run_tests(&self, tests: &[Test]) -> Report<'_> {
        let mut reached = vec![0_u32; self.rules.len()];
        let manner = Manner {
            nothing_is_off: true,
            ..Manner::default()
        };
        let outcomes = tests
            .iter()
            .map(|test| {
                let mut parts = Parts::default();
                let decision = self.decide_watched(&test.image, &test.setting.context(), manner, &mut parts);
                for rule in &parts.matched {
                    if let Some(count) = reached.get_mut(rule.0 as usize) {
                        *count = count.saturating_add(1);
                    }
                }
                TestOutcome {
                    passed: test.is_passed_by(&decision),
                    // No rule is ever asked about `auto`, so its test is there to say so.
                    is_idle: parts.matched.is_empty() && !parts.was_held_back && &*test.image != AUTO,
                    matched: parts.matched,
                    decision,
                }
            })
            .collect();
        Report { outcomes, reached }
    }

    /// Runs tests, and gives a finding for each that fails or is idle.
    #[must_use]
    pub fn test_findings(&self, tests: &[Test]) -> Vec<Diagnostic> {
        let report = self.run_tests(tests);
        tests
            .iter()
            .zip(&report.outcomes)
            .filter_map(|(test, outcome)| {
                if !outcome.passed {
                    Some(self.failure(test, &outcome.decision))
                } else if outcome.is_idle {
                    Some(idle(test))
                } else {
                    None
                }
            })
            .collect()
    }

    /// The finding that a failed test is.
    #[must_use]
    pub fn failure(&self, test: &Test, decision: &Decision<'_>) -> Diagnostic {
        let expected = match &test.expected {
            Expected::Image(image) => format!("`{image}` should come out"),
            Expected::Keep => "it should stay".to_owned(),
            Expected::Deny => "it should be refused".to_owned(),
            Expected::Warn => "a rule should warn".to_owned(),
        };
        let came = match (&test.expected, &decision.effect) {
            (Expected::Warn, _) => "none does".to_owned(),
            (_, Effect::Keep) => "it stays".to_owned(),
            (_, Effect::Swap(result)) => format!("`{result}` comes out"),
            (_, Effect::Deny) => "it is refused".to_owned(),
            (_, Effect::Invalid(Invalid::Result(result))) => {
                format!("the rules make `{result}` of it, which is no valid image")
            }
            (_, Effect::Invalid(Invalid::Image(error))) => format!("it stays: {error}"),
        };
        let mut finding = Diagnostic::error(
            Code::TEST_FAILED,
            format!("the test of `{}` fails: {expected}, but {came}", test.image),
            test.span,
        );
        match decision.decisive().and_then(|rule| self.rule(rule)) {
            Some(rule) => finding = finding.also(rule.span, "decided by this rule"),
            None if decision.rule == Some(RuleId::LEGACY) => finding = finding.note("decided by the map"),
            None => finding = finding.note("no rule matched"),
        }
        if let Expected::Image(image) = &test.expected
            && let Some(outcome) = ["keep", "deny", "warn"]
                .into_iter()
                .find(|word| is_same(image, word))
        {
            finding = finding.help(format!(
                "an outcome has no arrow before it: `test {} {outcome}`",
                test.image
            ));
        }
        let setting = test.setting.options();
        finding = finding.help(format!(
            "see why: `imageswap explain --rules PATH {}{setting}`",
            test.image
        ));
        match (&test.expected, &decision.effect) {
            (Expected::Warn, _) | (_, Effect::Invalid(_)) => finding,
            (_, Effect::Swap(result)) => finding.help(format!("where that is meant, write `-> {result}`")),
            (_, Effect::Keep) => finding.help("where that is meant, write `keep`"),
            (_, Effect::Deny) => finding.help("where that is meant, write `deny`"),
        }
    }
}

/// The finding that a test is in which no rule has a part.
fn idle(test: &Test) -> Diagnostic {
    Diagnostic::warning(
        Code::IDLE_TEST,
        format!("the test of `{}` passes without any rule", test.image),
        test.span,
    )
    .label("the outcome is that of an empty set")
    .help(
        "test an image that a rule moves, keeps or refuses, write a `keep` for this one, or remove the test",
    )
}

impl Test {
    fn is_passed_by(&self, decision: &Decision<'_>) -> bool {
        match (&self.expected, &decision.effect) {
            (Expected::Image(expected), Effect::Keep) => is_same(expected, &self.image),
            (Expected::Image(expected), Effect::Swap(result)) => is_same(expected, result),
            (Expected::Keep, Effect::Keep) | (Expected::Deny, Effect::Deny) => true,
            (Expected::Warn, _) => !decision.warnings.is_empty(),
            _ => false,
        }
    }
}

fn is_same(one: &str, other: &str) -> bool {
    match (Image::parse(one), Image::parse(other)) {
        (Ok(one), Ok(other)) => one.is_same(&other),
        _ => one == other,
    }
}

//! `imageswap test`: runs the tests of a set.

use clap::Args;
use imageswap_engine::compile::Preview;
use imageswap_engine::diagnostic::{Code, Diagnostic, Findings, Severity, SourceMap};
use imageswap_engine::suite::{Expected, Report, Test, TestOutcome};
use serde::Serialize;

use super::error::CommandError;
use super::exit::{Ended, Statuses};
use super::input::{SetOptions, rules_named};
use super::output::{FindingsOptions, Output};
use super::report::{DecidedImage, Format};
use crate::findings::counted;

/// Exit statuses of the command.
pub(crate) const STATUSES: Statuses = Statuses {
    success: "every test passes",
    failure: Some("a test fails, or the set does not load"),
};

/// Run the `test` statements of rules.
///
/// For each failed test, shows the expected effect, the actual effect and the rule that decided. Tests ignore `off`:
/// they run with all rules.
#[derive(Args, Debug)]
#[command(
    name = "test",
    after_help = "Examples:
  imageswap test rules/
      Run the tests of a directory of rules.
  imageswap test --coverage rules/
      Also show the rules that no test reaches.
  imageswap test --rule dockerhub rules/
      Run only the tests in which this rule matches.
  imageswap test --format json rules/ | jq 'select(.passed == false)'
      Write an object for each test, with the expected and the actual effect."
)]
pub(super) struct TestCommand {
    #[command(flatten)]
    set: SetOptions,
    /// Show the rules that no test reaches
    #[arg(long)]
    coverage: bool,
    /// Rule whose tests to run: its name, or FILE:LINE if it has none (repeatable)
    #[arg(long = "rule", value_name = "NAME", conflicts_with = "coverage")]
    only: Vec<String>,
    #[command(flatten)]
    output: FindingsOptions,
}

/// Result of a test as JSON. The names of the fields change only with a major version.
#[derive(Serialize)]
struct TestObject<'a> {
    file: &'a str,
    line: usize,
    passed: bool,
    expected: &'static str,
    expected_image: Option<&'a str>,
    #[serde(flatten)]
    outcome: DecidedImage<'a>,
}

/// Rule that no test reaches, as JSON.
#[derive(Serialize)]
struct Unreached<'a> {
    file: &'a str,
    line: usize,
    unreached: &'a str,
}

impl TestCommand {
    pub(super) fn run(self) -> Result<Ended, CommandError> {
        let mut output = Output::with_findings(self.output);
        let Some(loaded) = self.set.read(&mut output)? else {
            return output.end(Ended::Unreadable);
        };
        let is_other_error =
            |finding: &&Diagnostic| finding.severity == Severity::Error && finding.code != Code::TEST_FAILED;
        let errors: Findings = loaded.findings.iter().filter(is_other_error).cloned().collect();
        let (Some(set), true) = (loaded.preview(), errors.is_empty()) else {
            output.findings(&errors, &loaded.sources)?;
            output.say("the set does not load, so its tests are not run")?;
            return output.end(Ended::Findings);
        };
        let only = rules_named(&set, &self.only)?;
        let report = set.run_tests(loaded.tests());
        let (mut run, mut failed) = (0, 0);
        for (test, outcome) in loaded.tests().iter().zip(&report.outcomes) {
            if !only.is_empty() && !outcome.matched.iter().any(|rule| only.contains(rule)) {
                continue;
            }
            run += 1;
            if !outcome.passed {
                failed += 1;
            }
            show(&mut output, set, &loaded.sources, test, outcome)?;
        }
        if self.coverage {
            coverage(&mut output, set, &loaded.sources, &report)?;
        }
        let passed = run - failed;
        let all = counted(loaded.tests().len(), "test");
        output.say(&match run {
            _ if loaded.tests().is_empty() => {
                "the set has no tests: add one, such as `test nginx:1.25 -> harbor.example.com/hub/library/nginx:1.25`"
                    .to_owned()
            }
            0 => format!("none of {all} reaches `{}`", self.only.join("` or `")),
            run if !only.is_empty() => format!("{run} of {all}: {passed} passed, {failed} failed"),
            _ => format!("{all}: {passed} passed, {failed} failed"),
        })?;
        output.end(if failed > 0 { Ended::Findings } else { Ended::Clean })
    }
}

fn show(
    output: &mut Output,
    set: Preview<'_>,
    sources: &SourceMap,
    test: &Test,
    outcome: &TestOutcome<'_>,
) -> Result<(), CommandError> {
    match output.format {
        Format::Json => {
            let (file, line) = sources.file_and_line(test.span);
            let (expected, image) = match &test.expected {
                Expected::Image(image) => ("image", Some(&**image)),
                Expected::Keep => ("keep", None),
                Expected::Deny => ("deny", None),
                Expected::Warn => ("warn", None),
            };
            output.object(&TestObject {
                file,
                line,
                passed: outcome.passed,
                expected,
                expected_image: image,
                outcome: DecidedImage::new(&set, &test.image, &outcome.decision),
            })
        }
        Format::Human | Format::Short if outcome.passed => Ok(()),
        Format::Human | Format::Short => {
            let failure = set.test_failure(test, &outcome.decision);
            output.findings(&Findings::from_iter([failure]), sources)
        }
    }
}

/// Reports the rules that no test reaches.
fn coverage(
    output: &mut Output,
    set: Preview<'_>,
    sources: &SourceMap,
    report: &Report<'_>,
) -> Result<(), CommandError> {
    let unreached: Vec<_> = set
        .rules()
        .zip(&report.reached)
        .filter(|(_, count)| **count == 0)
        .map(|(rule, _)| rule)
        .collect();
    let (all, reached) = (set.len(), set.len() - unreached.len());
    for rule in &unreached {
        let (file, line) = sources.file_and_line(rule.span);
        match output.format {
            Format::Json => output.object(&Unreached {
                file,
                line,
                unreached: &rule.name,
            })?,
            Format::Human | Format::Short => {
                let text = sources.slice(rule.span).lines().next().unwrap_or_default();
                output.line(format_args!("{file}:{line}: no test reaches `{text}`"))?;
            }
        }
    }
    output.say(&format!("tests reach {reached} of {}", counted(all, "rule")))
}

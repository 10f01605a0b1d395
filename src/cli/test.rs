//! `imageswap test`: run the tests of a set.

use clap::Args;
use imageswap_engine::diagnostic::{Code, Diagnostic, Severity, SourceMap};
use imageswap_engine::rules::{Expected, Report, RuleSet, Test, TestOutcome};
use serde_json::{Value, json};

use super::check::counted;
use super::explain::outcome_of;
use super::input::SetOptions;
use super::output::{CommandError, Ended, Output, OutputOptions};
use super::report::Format;

/// Run the `test` statements of rules.
///
/// Shows of each test that fails what was expected, what came, and which rule did it. Tests run as if nothing were
/// off. Exit status 0: all pass. 1: one fails, or the set does not load. 2: misuse.
#[derive(Args, Debug)]
#[command(
    name = "test",
    after_help = "Examples:
  imageswap test rules/
      The tests of a directory of rules.
  imageswap test --coverage rules/
      And the rules that no test reaches.
  imageswap test --format json rules/ | jq 'select(.passed == false)'
      An object for each test, with what was expected and what came."
)]
pub(super) struct TestCommand {
    #[command(flatten)]
    set: SetOptions,
    /// Show the rules that no test reaches
    #[arg(long)]
    coverage: bool,
    #[command(flatten)]
    output: OutputOptions,
}

impl TestCommand {
    pub(super) fn run(self) -> Ended {
        let mut output = Output::new(self.output);
        let Some(loaded) = self.set.load(&mut output)? else {
            return output.failed();
        };
        let is_other_error =
            |finding: &&Diagnostic| finding.severity == Severity::Error && finding.code != Code::TEST_FAILED;
        let errors: Vec<Diagnostic> = loaded.findings.iter().filter(is_other_error).cloned().collect();
        let (Some(set), true) = (&loaded.set, errors.is_empty()) else {
            output.findings(&errors, &loaded.sources)?;
            output.say("the set does not load, so its tests are not run")?;
            return output.failed();
        };
        let report = set.run_tests(&loaded.tests);
        let mut failed = 0;
        for (test, outcome) in loaded.tests.iter().zip(&report.outcomes) {
            if !outcome.passed {
                failed += 1;
            }
            show(&mut output, set, &loaded.sources, test, outcome)?;
        }
        if self.coverage {
            coverage(&mut output, set, &loaded.sources, &report)?;
        }
        let passed = loaded.tests.len() - failed;
        output.say(&match loaded.tests.len() {
            0 => "there are no tests: `test nginx:1.25 -> harbor.example.com/hub/library/nginx:1.25` is one"
                .to_owned(),
            all => format!("{}: {passed} passed, {failed} failed", counted(all, "test")),
        })?;
        if failed > 0 {
            output.failed()
        } else {
            output.fine()
        }
    }
}

fn show(
    output: &mut Output,
    set: &RuleSet,
    sources: &SourceMap,
    test: &Test,
    outcome: &TestOutcome<'_>,
) -> Result<(), CommandError> {
    if output.format == Format::Json {
        let (file, line) = sources.file_and_line(test.span);
        let (expected, image) = match &test.expected {
            Expected::Image(image) => ("image", Some(&**image)),
            Expected::Keep => ("keep", None),
            Expected::Deny => ("deny", None),
            Expected::Warn => ("warn", None),
        };
        let mut object = outcome_of(set, &test.image, &outcome.decision);
        let members = [
            ("file", json!(file)),
            ("line", json!(line)),
            ("passed", json!(outcome.passed)),
            ("expected", json!(expected)),
            ("expected_image", json!(image)),
        ];
        for (name, value) in members {
            object.insert(name.to_owned(), value);
        }
        return output.object(&Value::Object(object));
    }
    if outcome.passed {
        return Ok(());
    }
    output.findings(&[set.failure(test, &outcome.decision)], sources)
}

/// The rules that no test reaches.
fn coverage(
    output: &mut Output,
    set: &RuleSet,
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
        if output.format == Format::Json {
            output.object(&json!({"unreached": rule.name, "file": file, "line": line}))?;
        } else {
            let text = sources.slice(rule.span).lines().next().unwrap_or_default();
            output.line(format_args!("{file}:{line}: no test reaches `{text}`"))?;
        }
    }
    output.say(&format!("tests reach {reached} of {}", counted(all, "rule")))
}

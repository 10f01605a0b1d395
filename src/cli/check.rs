//! `imageswap check`: reports what is wrong with a set of rules.

use clap::Args;
use imageswap_engine::diagnostic::Findings;

use super::error::CommandError;
use super::exit::{Ended, Statuses};
use super::input::{SetOptions, map_lines};
use super::output::{FindingsOptions, Output};
use crate::config::Loaded;
use crate::findings::{Counts, counted};

/// Exit statuses of the command.
pub(crate) const STATUSES: Statuses = Statuses {
    success: "the set loads",
    failure: Some("the set does not load, or has warnings with --deny-warnings"),
};

/// Check rules: report errors, failed tests and warnings.
///
/// Reports all findings at once: errors in single statements, errors in the set as a whole (such as swaps that form a
/// cycle), failed tests, and warnings about statements that are probably mistakes.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  imageswap check rules/
      Check a directory, which `imageswap serve --rules rules/` loads in the same way.
  imageswap check rules/10-mirror.rules rules/20-team.rules
      Check files as one set, in this order.
  kubectl get configmap imageswap-rules -n imageswap-system -o yaml | imageswap check -
      Check a ConfigMap. Each key is read as a file of that name, and findings have the lines of the YAML.
  imageswap check --deny-warnings --format short rules/
      Check in a script: print one line for each finding, and fail if there are warnings.
  imageswap check --format sarif rules/
      Write a SARIF log, from which a code host shows each finding at its line.")]
pub(super) struct Check {
    #[command(flatten)]
    set: SetOptions,
    /// Fail if there are warnings
    #[arg(long)]
    deny_warnings: bool,
    #[command(flatten)]
    output: FindingsOptions,
}

impl Check {
    pub(super) fn run(self) -> Result<Ended, CommandError> {
        let mut output = Output::with_findings(self.output);
        let Some(mut loaded) = self.set.read(&mut output)? else {
            return output.end(Ended::Unreadable);
        };
        loaded.add_findings(findings_of_map(&loaded));
        output.findings(&loaded.findings, &loaded.sources)?;
        let counts = Counts::new(&loaded.findings);
        let rules = loaded.preview().map_or(0, |set| set.len());
        if loaded.loads() {
            let tests = counted(loaded.tests().len(), "test");
            let map = match map_lines(&loaded) {
                Some(lines) => format!(", a map with {}", counted(lines, "line")),
                None => String::new(),
            };
            let denied = if self.deny_warnings && counts.warnings > 0 {
                ", and --deny-warnings is set"
            } else {
                ""
            };
            let rules = counted(rules, "rule");
            output.say(&format!("the set loads: {rules}, {tests}{map}; {counts}{denied}"))?;
        } else {
            output.say(&format!("the set does not load: {counts}"))?;
        }
        if !loaded.loads() || (self.deny_warnings && counts.warnings > 0) {
            return output.end(Ended::Findings);
        }
        output.end(Ended::Clean)
    }
}

/// Returns the lines of the map that rely on a trap, or whose results a rule or another line swaps again.
fn findings_of_map(loaded: &Loaded) -> Findings {
    let (Some(set), Some(source)) = (loaded.preview(), loaded.map) else {
        return Findings::default();
    };
    let text = loaded.sources.get(source).map_or("", |source| source.text());
    let mut findings = set.lint_map(source, text);
    findings.append(imageswap_migrate::lint(&loaded.sources, source));
    findings
}

//! `imageswap check`: would this set load, and does it mean what it says?

use clap::Args;
use imageswap_engine::diagnostic::Findings;

use super::error::CommandError;
use super::exit::{Ended, Statuses};
use super::input::{SetOptions, map_lines};
use super::output::{FindingsOptions, Output};
use super::report::Counts;
use super::words::counted;
use crate::config::Loaded;

/// Exit statuses of the command.
pub(crate) const STATUSES: Statuses = Statuses {
    success: "the set loads",
    failure: Some("the set does not load, or has warnings with --deny-warnings"),
};

/// Check rules: would this set load, and does it mean what it says?
///
/// Every problem comes at once: of single statements, of the set as a whole (does deciding end for every image?), of
/// its tests, and warnings about what can't have been meant.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  imageswap check rules/
      A directory, as `imageswap serve --rules rules/` would load it.
  imageswap check rules/10-mirror.rules rules/20-team.rules
      Files, as one list in this order.
  kubectl get configmap imageswap-rules -n imageswap-system -o yaml | imageswap check -
      A ConfigMap: each key is what a file of that name would be. Places are lines of the YAML.
  imageswap check --deny-warnings --format short rules/
      For a script: a line for each finding, and no warnings allowed.
  imageswap check --format sarif rules/
      Into a file, for a code host that shows each finding at its line.")]
pub(super) struct Check {
    #[command(flatten)]
    set: SetOptions,
    /// Fail where there are warnings
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
                Some(lines) => format!(", a map of {}", counted(lines, "line")),
                None => String::new(),
            };
            let denied = if self.deny_warnings && counts.warnings > 0 {
                ", and --deny-warnings denies warnings"
            } else {
                ""
            };
            let rules = counted(rules, "rule");
            output.say(&format!("it loads: {rules}, {tests}{map}; {counts}{denied}"))?;
        } else {
            output.say(&format!("it does not load: {counts}"))?;
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
    findings.extend(imageswap_migrate::lint(&loaded.sources, source));
    findings
}

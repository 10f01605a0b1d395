//! Options of `imageswap diff`, and its run.

use std::collections::HashSet;
use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use clap::Args;
use imageswap_engine::compare::{Cases, Comparison};
use imageswap_engine::compile::RuleSet;
use imageswap_engine::context::Case;
use imageswap_files::STDIN;

use super::show::{Found, Report};
use crate::cli::error::CommandError;
use crate::cli::exit::{Ended, Statuses, UsageError};
use crate::cli::input::{Given, GivenOptions, LimitOptions, read_set};
use crate::cli::output::{Output, OutputOptions};
use crate::cli::progress;
use crate::cli::report::Format;
use crate::config::{Loaded, Processors};
use crate::findings::{Counts, counted, grouped};

/// Number of images between two steps of the progress.
const BETWEEN: usize = 64;

/// Exit statuses of the command.
pub(crate) const STATUSES: Statuses = Statuses {
    success: "no image changes",
    failure: Some("an image changes, or a set does not load"),
};

/// Compare two sets of rules: show the images that get another result, and the changed rule that is the cause.
///
/// Compares sample images, which it derives from the patterns, targets and conditions of both sets, and the images that
/// you give. Each set can be rules or a map of imageswap-webhook.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  imageswap diff rules/ rules/
      Compare two directories. (Here they are the same, so no image differs.) With Git, \
      `git worktree add /tmp/main main` puts the rules of another branch into /tmp/main. For one file, if your shell \
      has process substitution, OLD can be `<(git show main:rules/10.rules)`.
  imageswap diff diff/simple.conf diff/simple.rules
      Compare a map with rules.
  kubectl get pods -A -o json | imageswap diff --manifests - rules/ rules/
      Compare also the images that run in a cluster. They are shown first and marked with `*`.")]
pub(crate) struct Diff {
    /// Previous set: rules file, directory of rules files, map, Kubernetes YAML with ConfigMaps, or - for stdin
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// New set, in the same forms
    #[arg(value_name = "NEW")]
    new: PathBuf,
    #[command(flatten)]
    given: GivenOptions,
    /// Show all images instead of a few for each change
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    output: OutputOptions,
    #[command(flatten)]
    limits: LimitOptions,
}

impl Diff {
    pub(crate) fn run(self) -> Result<Ended, CommandError> {
        let mut output = Output::new(self.output);
        let paths = [&self.old, &self.new];
        let stdin_count = paths.into_iter().chain(self.given.paths());
        if stdin_count.filter(|path| path.as_os_str() == STDIN).count() > 1 {
            return Err(UsageError::StdinShared.into());
        }
        let old = read_set(vec![self.old.clone()], self.limits, &mut output)?;
        let new = read_set(vec![self.new.clone()], self.limits, &mut output)?;
        let (Some(old), Some(new)) = (old, new) else {
            return output.end(Ended::Unreadable);
        };
        let mut is_broken = false;
        let mut tests_fail = false;
        for (which, loaded) in [("old", &old), ("new", &new)] {
            if loaded.only_tests_fail() {
                tests_fail = true;
                let counts = Counts::new(&loaded.findings);
                output.say(&format!(
                    "notice: the {which} set does not load, because its tests fail ({counts}; run `imageswap check`); \
                     the comparison ignores the tests"
                ))?;
            } else if !loaded.loads() {
                is_broken = true;
                output.findings(&loaded.findings, &loaded.sources)?;
                let counts = Counts::new(&loaded.findings);
                output.say(&format!(
                    "the {which} set does not load, so nothing is compared: {counts}"
                ))?;
            }
        }
        // If you change a rule, you look at the changed images first, and fix the tests then.
        let [old, new] = [old, new].map(|loaded| loaded.without_failed_tests(Processors::All));
        match (old.rules(), new.rules()) {
            (Some(old_set), Some(new_set)) if !is_broken => {
                let given = self.read_given(&mut output)?;
                let sides = [(&old, old_set), (&new, new_set)];
                compare(sides, &given, self.all, output, tests_fail)
            }
            _ => output.end(Ended::Findings),
        }
    }
}

impl Diff {
    /// Reads the given images, each once for each object and setting.
    fn read_given(&self, output: &mut Output) -> Result<Vec<Given>, CommandError> {
        let mut notices = Vec::new();
        let mut given = self.given.read_list()?;
        given.extend(self.given.read_manifests(&mut notices)?);
        for notice in notices {
            output.say(&format!("notice: {notice}"))?;
        }
        let mut known = HashSet::new();
        given.retain(|given| known.insert((given.case.clone(), given.of.clone())));
        Ok(given)
    }
}

/// Compares two sets with the given images and the sample images.
fn compare(
    sides: [(&Loaded, &RuleSet); 2],
    given: &[Given],
    all: bool,
    mut output: Output,
    tests_fail: bool,
) -> Result<Ended, CommandError> {
    let [(_, old), (_, new)] = sides;
    let mut comparison = Comparison::new(old, new);
    let mut report = Report::new(sides, all);
    let mut compared = 0;
    let mut one = |case: &Case, of: Option<Option<&str>>, output: &mut Output| -> Result<(), CommandError> {
        compared += 1;
        match comparison.cause(case) {
            Some(cause) => report.add(&mut comparison, cause, Found { case, of }, output),
            None => Ok(()),
        }
    };
    for given in given {
        one(&given.case, Some(given.of.as_deref()), &mut output)?;
    }
    let mut cases = Cases::new(&[old, new]);
    // Lines of the other formats are written meanwhile, possibly to the same terminal.
    let is_quiet = output.format == Format::Human || !io::stdout().is_terminal();
    let progress = progress::on_terminal().filter(|_| is_quiet);
    for number in 1.. {
        let Some(case) = cases.next().filter(|_| !output.is_closed()) else {
            break;
        };
        one(&case, None, &mut output)?;
        if let Some(progress) = progress.as_ref().filter(|_| number % BETWEEN == 0) {
            let (done, all) = cases.rules_done();
            progress.show(format_args!(
                "comparing: {}, {} of {}",
                counted(number, "image"),
                grouped(done),
                counted(all, "rule")
            ));
        }
    }
    drop(progress);
    if output.is_closed() {
        // The reader has closed the stream before all images were compared, so there is no total.
        return output.end(Ended::Findings);
    }
    let differ = report.differ();
    report.finish(&comparison, &mut output)?;
    let partly = match cases.is_partial() {
        true => "; the sets are too large to compare all sample images",
        false => "",
    };
    let compared = counted(compared, "image");
    if differ == 0 {
        output.say(&format!("{compared} compared, none differs{partly}"))?;
        return output.end(if tests_fail { Ended::Findings } else { Ended::Clean });
    }
    let verb = if differ == 1 { "differs" } else { "differ" };
    let marked = if given.is_empty() {
        ""
    } else {
        "; `*` marks given images"
    };
    output.say(&format!("{compared} compared, {differ} {verb}{marked}{partly}"))?;
    output.end(Ended::Findings)
}

//! Options of `imageswap fmt`, and its run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use imageswap_engine::diagnostic::SourceMap;
use imageswap_engine::syntax::format::{FormatError, format};
use imageswap_files::{Replace, STDIN, write};
use serde::Serialize;

use super::difference::Difference;
use crate::cli::error::CommandError;
use crate::cli::exit::{Ended, Statuses};
use crate::cli::input::{FileLimitOptions, paths_or_stdin};
use crate::cli::output::{Output, OutputOptions};
use crate::cli::report::Format;
use crate::config::{Content, Limits, ReadError, fits, read_single, rules_files_of};
use crate::findings::counted;
use crate::webhook::uninterrupted;

/// Exit statuses of the command.
pub(crate) const STATUSES: Statuses = Statuses {
    success: "every file is formatted",
    failure: Some("a file cannot be formatted, or would change with --check"),
};

/// Format rules files: columns, line ends and white space.
///
/// Rewrites files in place, and formats stdin to stdout. Changes only white space and line ends, and keeps each comment
/// in its place. If the formatted text would have another meaning, `fmt` does not write the file.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  imageswap fmt --check rules/
      Show what would change in the files *.rules of a directory, as a diff, and write nothing (for CI).
  imageswap fmt rules/10-mirror.rules rules/20-team.rules
      Format two files.
  imageswap fmt - < rules/10-mirror.rules
      Format stdin to stdout (for an editor).")]
pub(crate) struct Fmt {
    /// Rules files, directories (`fmt` formats their files *.rules), or - for stdin
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Write nothing, show what would change, and fail if anything would
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    limits: FileLimitOptions,
    #[command(flatten)]
    output: OutputOptions,
}

/// Outcome for a file, as JSON. The names of the fields change only with a major version.
#[derive(Serialize)]
struct FormattedFile<'a> {
    file: &'a str,
    outcome: FormatOutcome,
    line: Option<usize>,
}

/// Outcome for a file, in the order of the summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
enum FormatOutcome {
    /// The file was formatted.
    Formatted,
    /// The file would be formatted.
    Unformatted,
    /// The file is already formatted.
    Unchanged,
    /// The file is a map, which `fmt` does not format.
    Map,
    /// The file could not be formatted, and an error has been reported.
    Failed,
}

impl FormatOutcome {
    /// Returns the words of the summary.
    fn summary(self) -> &'static str {
        match self {
            Self::Formatted => "formatted",
            Self::Unformatted => "unformatted",
            Self::Unchanged => "unchanged",
            Self::Map => "skipped",
            Self::Failed => "failed",
        }
    }

    fn ended(self) -> Ended {
        match self {
            Self::Formatted | Self::Unchanged | Self::Map => Ended::Clean,
            Self::Unformatted | Self::Failed => Ended::Findings,
        }
    }
}

impl Fmt {
    pub(crate) fn run(self) -> Result<Ended, CommandError> {
        let paths = paths_or_stdin(self.paths)?;
        let mut formatter = Formatter {
            check: self.check,
            limits: self.limits.into_limits(),
            output: Output::new(self.output),
            outcomes: Vec::new(),
            is_unreadable: false,
        };
        for path in &paths {
            formatter.path(path)?;
        }
        formatter.end(paths.iter().all(|path| path.as_os_str() == STDIN))
    }
}

struct Formatter {
    check: bool,
    limits: Limits,
    output: Output,
    outcomes: Vec<FormatOutcome>,
    is_unreadable: bool,
}

impl Formatter {
    fn path(&mut self, path: &Path) -> Result<(), CommandError> {
        if path.as_os_str() == STDIN || !path.is_dir() {
            return self.file(path);
        }
        match rules_files_of(path) {
            Ok(files) if files.is_empty() => self.output.say(&format!(
                "notice: {} has no rules files (*.rules)",
                path.display()
            )),
            Ok(files) => files.iter().try_for_each(|file| self.file(file)),
            Err(error) => self.unreadable(&error),
        }
    }

    fn unreadable(&mut self, error: &ReadError) -> Result<(), CommandError> {
        self.is_unreadable = true;
        self.failed(error)
    }

    fn failed(&mut self, why: impl std::fmt::Display) -> Result<(), CommandError> {
        self.outcomes.push(FormatOutcome::Failed);
        self.output.say(&format!("imageswap: {why}"))
    }

    fn file(&mut self, path: &Path) -> Result<(), CommandError> {
        let is_stdin = path.as_os_str() == STDIN;
        let name = if is_stdin {
            "stdin".to_owned()
        } else {
            path.display().to_string()
        };
        let text = match read_single(path, self.limits) {
            Ok((text, Content::Rules)) => text,
            Ok((text, Content::Map)) => return self.map(&name, is_stdin, &text),
            Ok((_, Content::Kubernetes)) => {
                return self.failed(format_args!(
                    "{name} is Kubernetes YAML or JSON, which `fmt` does not format: format the rules files that it is \
                     generated from"
                ));
            }
            Err(error) => return self.unreadable(&error),
        };
        let mut sources = SourceMap::default();
        let source = sources.add(name.as_str(), text.as_str());
        let formatted = match format(source, &text) {
            Ok(formatted) => formatted,
            Err(FormatError::Syntax(findings)) => {
                self.outcomes.push(FormatOutcome::Failed);
                return match is_stdin && !self.check {
                    // A script that saves stdout wants the text without findings.
                    true => self.output.say_findings(&findings, &sources),
                    false => self.output.findings(&findings, &sources),
                };
            }
            Err(FormatError::Map) => return self.map(&name, is_stdin, &text),
            Err(error @ FormatError::Changed) => {
                return self.failed(format_args!("cannot format {name}: {error}"));
            }
        };
        if !fits(&formatted, self.limits) {
            return self.failed(format_args!(
                "cannot format {name}: the formatted text would be longer than a rules file may be; split the file, or \
                 raise --max-file-size"
            ));
        }
        if is_stdin && !self.check {
            self.output.text(&formatted)?;
        }
        if formatted == text {
            return self.tell(&name, is_stdin, FormatOutcome::Unchanged, None);
        }
        let difference = Difference::new(&text, &formatted);
        if self.check {
            return self.tell(&name, is_stdin, FormatOutcome::Unformatted, Some(&difference));
        }
        if !is_stdin && let Err(error) = uninterrupted(|| write(path, &formatted, Replace::Unchanged(&text)))
        {
            return self.failed(error);
        }
        self.tell(&name, is_stdin, FormatOutcome::Formatted, Some(&difference))
    }

    /// Skips a map. Layout has no meaning in it, but people find its lines by their place.
    fn map(&mut self, name: &str, is_stdin: bool, text: &str) -> Result<(), CommandError> {
        if is_stdin && !self.check {
            self.output.text(text)?;
        }
        self.output.say(&format!(
            "notice: {name} is not formatted, because it is read as a map of the old format; a rules file begins with \
             `rules v1`"
        ))?;
        self.tell(name, is_stdin, FormatOutcome::Map, None)
    }

    /// Reports the outcome for a file.
    fn tell(
        &mut self,
        name: &str,
        is_stdin: bool,
        outcome: FormatOutcome,
        difference: Option<&Difference<'_>>,
    ) -> Result<(), CommandError> {
        self.outcomes.push(outcome);
        // The text itself is the result.
        if is_stdin && !self.check {
            return Ok(());
        }
        let line = difference.map(Difference::first_line);
        match self.output.format {
            Format::Json => self.output.object(&FormattedFile {
                file: name,
                outcome,
                line,
            }),
            Format::Human | Format::Short if outcome == FormatOutcome::Formatted => {
                self.output.say(&format!("formatted {name}"))
            }
            Format::Short => match line {
                Some(line) => self
                    .output
                    .line(format_args!("{name}:{line}: not formatted from this line on")),
                None => Ok(()),
            },
            Format::Human => {
                let color = self.output.color;
                let lines = difference.map(|difference| difference.unified(name, color));
                lines
                    .unwrap_or_default()
                    .iter()
                    .try_for_each(|line| self.output.line(line))
            }
        }
    }

    fn end(mut self, is_stdin_alone: bool) -> Result<Ended, CommandError> {
        let mut counts: BTreeMap<FormatOutcome, usize> = BTreeMap::new();
        for outcome in &self.outcomes {
            *counts.entry(*outcome).or_default() += 1;
        }
        let kinds: Vec<String> = counts
            .iter()
            .map(|(outcome, count)| format!("{count} {}", outcome.summary()))
            .collect();
        if !kinds.is_empty() && (self.check || !is_stdin_alone) {
            let all = counted(self.outcomes.len(), "file");
            self.output.say(&format!("{all}: {}", kinds.join(", ")))?;
        }
        let ended = counts.keys().map(|outcome| outcome.ended());
        let worst = ended.chain(self.is_unreadable.then_some(Ended::Unreadable)).max();
        self.output.end(worst.unwrap_or(Ended::Clean))
    }
}

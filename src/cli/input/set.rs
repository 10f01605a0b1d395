//! The set of rules that a command reads.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use clap::Args;
use imageswap_engine::diagnostic::{Code, Diagnostic, similar};
use imageswap_engine::rules::{Compiled, RuleId};
use imageswap_files::STDIN;

use super::limits::LimitOptions;
use crate::cli::error::CommandError;
use crate::cli::exit::UsageError;
use crate::cli::output::Output;
use crate::config::{Loaded, Processors, RulesText};

#[derive(Args, Debug)]
pub(crate) struct SetOptions {
    /// Rules files, directories of rules files, maps, Kubernetes YAML with ConfigMaps, or - for stdin
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    limits: LimitOptions,
}

impl SetOptions {
    /// Loads the set; returns `None` and reports the reason if its files cannot be read.
    pub(crate) fn read(self, output: &mut Output) -> Result<Option<Loaded>, CommandError> {
        read_set(paths_or_stdin(self.paths)?, self.limits, output)
    }
}

/// Returns the paths of a command line, or stdin if there are none.
pub(crate) fn paths_or_stdin(paths: Vec<PathBuf>) -> Result<Vec<PathBuf>, UsageError> {
    if paths.iter().filter(|path| path.as_os_str() == STDIN).count() > 1 {
        return Err(UsageError::StdinRepeated);
    }
    if !paths.is_empty() {
        return Ok(paths);
    }
    if io::stdin().is_terminal() {
        return Err(UsageError::NoRules);
    }
    Ok(vec![STDIN.into()])
}

/// Loads a set from paths.
pub(crate) fn read_set(
    paths: Vec<PathBuf>,
    limits: LimitOptions,
    output: &mut Output,
) -> Result<Option<Loaded>, CommandError> {
    let limits = limits.into_limits();
    let text = match RulesText::read_once(&paths, limits) {
        Ok(text) => text,
        Err(error) => {
            output.fail(&error.to_string())?;
            return Ok(None);
        }
    };
    let loaded = text.verify(limits, Processors::All);
    for notice in &loaded.notices {
        output.say(&format!("notice: {notice}"))?;
    }
    if let Some(map) = loaded.map.and_then(|map| loaded.sources.get(map)) {
        let lines = map_lines(&loaded).unwrap_or_default();
        let fault = match skipped_lines(&loaded) {
            _ if lines == 0 => Some("has no line of a map"),
            // Such a file belongs to another tool, and only some of its lines have a colon.
            skipped if skipped >= lines => Some("half of its lines are not lines of a map"),
            _ => None,
        };
        if let Some(fault) = fault {
            let name = map.name();
            output.say(&format!(
                "notice: {name} is read as a map of the old format, but {fault}; a rules file begins with `rules v1`"
            ))?;
        }
    }
    Ok(Some(loaded))
}

/// Returns the rules of these names, in the order of the set.
///
/// # Errors
///
/// Returns an error if no rule has one of the names.
pub(crate) fn rules_named(set: &Compiled, names: &[String]) -> Result<Vec<RuleId>, UsageError> {
    let rule = |name: &String| {
        set.find(name).ok_or_else(|| {
            let known: Vec<_> = set.rules().map(|rule| rule.name).collect();
            UsageError::UnknownRule {
                name: name.clone(),
                similar: similar(name, known.iter().map(|known| &**known)).map(str::to_owned),
            }
        })
    };
    let mut rules: Vec<RuleId> = names.iter().map(rule).collect::<Result<_, _>>()?;
    rules.sort_unstable();
    rules.dedup();
    Ok(rules)
}

/// Returns the number of lines of the map that are skipped.
fn skipped_lines(loaded: &Loaded) -> usize {
    let is_skipped = |finding: &&Diagnostic| finding.code == Code::MAP_LINE_SKIPPED;
    loaded.findings.iter().filter(is_skipped).count()
}

/// Returns the number of lines of the map that have an effect; `None` if there is no map.
pub(crate) fn map_lines(loaded: &Loaded) -> Option<usize> {
    let text = loaded.sources.get(loaded.map?)?.text();
    let says_something = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with('#');
    let lines = text.lines().filter(says_something).count();
    Some(lines.saturating_sub(skipped_lines(loaded)))
}

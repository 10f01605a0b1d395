//! Candidates at the cursor of a command line.

use clap::{ArgAction, Command};

use super::candidate::{Candidate, Candidates, first_line, subcommands};
use super::line::{Line, takes_value};
use super::values::values;

/// Returns the candidates for the last one of these words.
pub(super) fn candidates(command: &Command, words: &[String]) -> Candidates {
    let mut found = words
        .split_last()
        .map(|(current, before)| at_cursor(&Line::read(command, before), current))
        .unwrap_or_default();
    // The scripts read lines, and a tab ends the value.
    found
        .list
        .retain(|candidate| !candidate.value.contains(char::is_control));
    found
}

/// Returns the candidates after a line, if the word at the cursor begins with `current`.
fn at_cursor(line: &Line<'_>, current: &str) -> Candidates {
    if let Some(option) = line.pending {
        return values(line, option, current);
    }
    if !line.is_escaped
        && let Some((name, value)) = current.strip_prefix("--").and_then(|rest| rest.split_once('='))
    {
        let mut found = line
            .option(name)
            .filter(|option| takes_value(option))
            .map(|option| values(line, option, value))
            .unwrap_or_default();
        for candidate in &mut found.list {
            candidate.value.insert_str(0, &format!("--{name}="));
        }
        return found;
    }
    let mut found = match line.positional() {
        Some(positional) => values(line, positional, current),
        None => Candidates::default(),
    };
    if line.positionals == 0 && !line.is_escaped {
        found.list.extend(subcommands(line.command, current));
    }
    let is_at_option = current.starts_with('-') || (current.is_empty() && found.list.is_empty());
    if is_at_option && !line.is_escaped {
        found.list.extend(options(line, current));
    }
    found
}

/// Returns the options that can still be given.
fn options(line: &Line<'_>, current: &str) -> impl Iterator<Item = Candidate> {
    line.command.get_arguments().filter_map(move |option| {
        let value = format!("--{}", option.get_long()?);
        let is_given = line
            .given
            .iter()
            .any(|(known, _)| known.get_id() == option.get_id())
            && !matches!(option.get_action(), ArgAction::Append);
        let fits = value.starts_with(current) && !is_given && !option.is_hide_set();
        fits.then(|| Candidate {
            value,
            help: first_line(option.get_help()),
        })
    })
}

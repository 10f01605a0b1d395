//! Values of an option or argument: its possible values, files, or candidates from the rules.

use clap::{Arg, ValueHint};
use imageswap_engine::context::Subject;

use super::candidate::{Candidate, Candidates, first_line, subcommands};
use super::line::Line;
use super::mentioned::Mentioned;
use super::paths::{Files, paths};

/// Returns the values of an argument that begin with `current`.
pub(super) fn values(line: &Line<'_>, argument: &Arg, current: &str) -> Candidates {
    if let Some(delimiter) = argument.get_value_delimiter()
        && let Some((before, current)) = current.rsplit_once(delimiter)
    {
        let mut found = values_of_one(line, argument, current);
        for candidate in &mut found.list {
            candidate.value.insert_str(0, &format!("{before}{delimiter}"));
        }
        return found;
    }
    values_of_one(line, argument, current)
}

fn values_of_one(line: &Line<'_>, argument: &Arg, current: &str) -> Candidates {
    let closed = argument.get_possible_values();
    if !closed.is_empty() {
        let values = closed
            .iter()
            .filter(|value| !value.is_hide_set())
            .map(|value| Candidate {
                value: value.get_name().to_owned(),
                help: first_line(value.get_help()),
            });
        return words(values, current);
    }
    if argument.get_value_hint() != ValueHint::Unknown {
        return Candidates {
            list: paths(current, files_of(argument)),
            are_files: true,
        };
    }
    let mentioned = || Mentioned::in_rules(rules_of(line));
    match (argument.get_long(), name_of(argument)) {
        (Some("rule"), _) => words(mentioned().rules, current),
        (None, Some("IMAGE")) => words(mentioned().images(current), current),
        (None, Some("COMMAND")) => words(subcommands(line.program, current), current),
        // An option has the name of the condition that reads it.
        (Some(long), _) => match Subject::parse(long) {
            Some(subject) => words(mentioned().values_of(subject), current),
            None => Candidates::default(),
        },
        (None, _) => Candidates::default(),
    }
}

fn words(values: impl IntoIterator<Item = Candidate>, current: &str) -> Candidates {
    let mut list: Vec<Candidate> = values
        .into_iter()
        .filter(|candidate| candidate.value.starts_with(current))
        .collect();
    let mut seen = std::collections::HashSet::new();
    list.retain(|candidate| seen.insert(candidate.value.clone()));
    Candidates {
        list,
        are_files: false,
    }
}

/// Returns true if an argument names rules: `--rules`, or a path without an option.
fn is_rules(argument: &Arg) -> bool {
    argument.get_long() == Some("rules")
        || (argument.is_positional() && argument.get_value_hint() == ValueHint::AnyPath)
}

/// Returns the paths of rules that the command line names.
fn rules_of<'l>(line: &'l Line<'_>) -> impl Iterator<Item = &'l str> {
    let rules = line.given.iter().filter(|(argument, _)| is_rules(argument));
    rules.map(|(_, path)| path.as_str())
}

fn files_of(argument: &Arg) -> Files {
    match argument.get_value_hint() {
        ValueHint::DirPath => Files::Directories,
        _ if is_rules(argument) => Files::Rules,
        _ => Files::Any,
    }
}

fn name_of(argument: &Arg) -> Option<&str> {
    argument.get_value_names()?.first().map(|name| name.as_str())
}

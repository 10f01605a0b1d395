//! Candidates for the word at the cursor.

use clap::Command;

/// Candidate for the word at the cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Candidate {
    /// Whole word.
    pub(super) value: String,
    /// Description, for the shells that show it.
    pub(super) help: String,
}

/// Candidates in the order in which the shell shows them.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    pub(super) list: Vec<Candidate>,
    /// True if they are files, whose names the shell quotes itself.
    pub(super) are_files: bool,
}

/// Returns the subcommands of a command that begin with `current`.
pub(super) fn subcommands(command: &Command, current: &str) -> impl Iterator<Item = Candidate> {
    command
        .get_subcommands()
        .filter(move |command| !command.is_hide_set() && command.get_name().starts_with(current))
        .map(|command| Candidate {
            value: command.get_name().to_owned(),
            help: first_line(command.get_about()),
        })
}

/// Returns the first line of a help: shells show it beside the candidate.
pub(super) fn first_line(help: Option<&clap::builder::StyledStr>) -> String {
    let help = help.map(ToString::to_string).unwrap_or_default();
    help.lines().next().unwrap_or_default().to_owned()
}

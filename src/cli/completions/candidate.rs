//! Candidates for the word at the cursor.

use clap::Command;

/// What may stand at the cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Candidate {
    /// The whole word.
    pub(super) value: String,
    /// What it is, for the shells that show it.
    pub(super) help: String,
}

/// What may stand at the cursor, in the order in which it is to be shown.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    pub(super) list: Vec<Candidate>,
    /// Whether they are files, whose names the shell quotes itself.
    pub(super) are_files: bool,
}

/// The commands below another.
pub(super) fn subcommands(command: &Command, current: &str) -> impl Iterator<Item = Candidate> {
    command
        .get_subcommands()
        .filter(move |command| !command.is_hide_set() && command.get_name().starts_with(current))
        .map(|command| Candidate {
            value: command.get_name().to_owned(),
            help: first_line(command.get_about()),
        })
}

/// Help is shown beside a candidate, on one line.
pub(super) fn first_line(help: Option<&clap::builder::StyledStr>) -> String {
    let help = help.map(ToString::to_string).unwrap_or_default();
    help.lines().next().unwrap_or_default().to_owned()
}

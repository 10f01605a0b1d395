//! The options and variables that are set, by name. Their values may be secret.

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};

/// The options that are set, each by the source that counts.
#[derive(Debug, Default)]
pub(super) struct ChosenOptions {
    /// Options of the command line, without the dashes.
    pub(super) options: Vec<String>,
    /// Variables.
    pub(super) variables: Vec<String>,
}

impl ChosenOptions {
    /// Returns what sets the options of the command that the matches have.
    pub(super) fn new(program: &Command, matches: &ArgMatches) -> Self {
        let mut given = Self::default();
        let Some((name, matches)) = matches.subcommand() else {
            return given;
        };
        let command = program.find_subcommand(name);
        for argument in command.into_iter().flat_map(Command::get_arguments) {
            let id = argument.get_id().as_str();
            let is_known = matches.try_contains_id(id).is_ok();
            match is_known.then(|| matches.value_source(id)).flatten() {
                Some(ValueSource::CommandLine) => {
                    given.options.extend(argument.get_long().map(str::to_owned))
                }
                Some(ValueSource::EnvVariable) => {
                    let variable = argument.get_env().and_then(|variable| variable.to_str());
                    given.variables.extend(variable.map(str::to_owned));
                }
                Some(_) | None => {}
            }
        }
        given
    }
}

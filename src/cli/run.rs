//! A run of the program: from its arguments to its exit status. Nothing else ends the process.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{FromArgMatches as _, ValueHint};

use super::commands::{Cli, program};
use super::environment;
use super::error::CommandError;
use super::exit::{ExitStatus, UsageError};
use super::fatal;
use super::program::Program;

/// Runs the command that the arguments name.
pub(crate) fn run() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let program = Program::from_path(arguments.first().map(Path::new));
    status(&program.arguments(arguments), program).into()
}

fn status(arguments: &[OsString], called_as: Program) -> ExitStatus {
    let program = environment::without_empty(program());
    let matches = match program.clone().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => return not_parsed(&program, error, arguments),
    };
    let name = matches.subcommand_name().unwrap_or_default().to_owned();
    let mut command = match Cli::from_arg_matches(&matches) {
        Ok(Cli { command }) => command,
        Err(error) => return not_parsed(&program, error, arguments),
    };
    command.set_given(&program, &matches);
    let is_json = command.has_json_log();
    match command.run(called_as) {
        Ok(ended) => ended.into(),
        Err(error) if is_json => fatal::log(&error.to_string(), error.status()),
        Err(CommandError::Usage(error)) => {
            // A closed pipe is not an error.
            let _ = usage(program, &name, &error).print();
            ExitStatus::Usage
        }
        Err(error) => failed(&error),
    }
}

/// Prints an error, and returns the exit status.
fn failed(error: &CommandError) -> ExitStatus {
    // A closed pipe is not an error.
    let _ = writeln!(io::stderr(), "imageswap: {error}");
    error.status()
}

/// Prints what clap finds wrong with the arguments, or the help or the version if they ask for it.
fn not_parsed(program: &clap::Command, mut error: clap::Error, arguments: &[OsString]) -> ExitStatus {
    let variable = environment::at_fault(program, &error, arguments);
    if error.use_stderr() && fatal::is_json(arguments) {
        return fatal::log_usage(&error, variable.as_deref());
    }
    paths_without_option(program, &mut error, arguments);
    // A closed pipe is not an error.
    let _ = error.print();
    if let Some(variable) = variable {
        let _ = writeln!(io::stderr(), "\nThe value comes from the variable {variable}.");
    }
    if error.use_stderr() {
        ExitStatus::Usage
    } else {
        ExitStatus::Success
    }
}

/// Returns a usage error as clap shows its own, with the usage of the command.
fn usage(mut program: clap::Command, name: &str, error: &UsageError) -> clap::Error {
    program.build();
    match program.find_subcommand_mut(name) {
        Some(command) => command.error(error.kind(), error),
        None => program.error(error.kind(), error),
    }
}

/// Adds to the error about `--rules` of a command that it takes paths without it, as other commands have the option.
fn paths_without_option(program: &clap::Command, error: &mut clap::Error, arguments: &[OsString]) {
    let is_of_rules =
        matches!(error.get(ContextKind::InvalidArg), Some(ContextValue::String(named)) if named == "--rules");
    let name = arguments
        .get(1)
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let takes_paths = program.find_subcommand(name).is_some_and(|command| {
        let mut positionals = command.get_positionals();
        positionals.any(|positional| positional.get_value_hint() == ValueHint::AnyPath)
    });
    if error.kind() != ErrorKind::UnknownArgument || !is_of_rules || !takes_paths {
        return;
    }
    // The other suggestions of clap, and the usage that follows from them, are for different mistakes.
    error.remove(ContextKind::SuggestedArg);
    let tip = StyledStr::from(format!("`{name}` takes paths without `--rules`"));
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
    let mut program = program.clone();
    program.build();
    if let Some(command) = program.find_subcommand_mut(name) {
        let usage = command.render_usage();
        error.insert(ContextKind::Usage, ContextValue::StyledStr(usage));
    }
}

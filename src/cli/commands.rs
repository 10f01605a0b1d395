//! The commands of the program, by their names on the command line.

use clap::{ArgMatches, CommandFactory as _, Parser, Subcommand};

use super::error::CommandError;
use super::exit::{Ended, Statuses};
use super::program::Program;
use super::{check, completions, diff, explain, fmt, man, migrate, serve, test};

/// A mutating admission webhook for Kubernetes that rewrites container images by rules.
#[derive(Debug, Parser)]
#[command(
    name = "imageswap",
    version = VERSION,
    max_term_width = 100,
    arg_required_else_help = true,
    after_help = "Examples:
  imageswap check rules/
      Check rules for errors and warnings.
  imageswap explain --rules rules/ nginx:1.25
      Show the result for an image, and the rules that decide it.
  imageswap serve --self-signed --rules rules/
      Run the webhook with a temporary certificate, to try it out.

Run `imageswap COMMAND --help` for the options and examples of a command."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (commit ", env!("BUILD_COMMIT"), ")");

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Serve(Box<serve::Serve>),
    Check(check::Check),
    Test(test::TestCommand),
    Explain(Box<explain::Explain>),
    Diff(diff::Diff),
    Fmt(fmt::Fmt),
    Migrate(Box<migrate::Migrate>),
    Completions(completions::Completions),
    Man(man::Man),
    #[command(name = "__complete", hide = true)]
    Complete(completions::Complete),
}

/// Exit statuses of each command that the help lists, by its name.
const STATUSES: [(&str, Statuses); 9] = [
    ("serve", serve::STATUSES),
    ("check", check::STATUSES),
    ("test", test::STATUSES),
    ("explain", explain::STATUSES),
    ("diff", diff::STATUSES),
    ("fmt", fmt::STATUSES),
    ("migrate", migrate::STATUSES),
    ("completions", completions::STATUSES),
    ("man", man::STATUSES),
];

/// Returns the definition of the command line, with the exit statuses in the help of each command.
pub(crate) fn program() -> clap::Command {
    STATUSES
        .into_iter()
        .fold(Cli::command(), |program, (name, statuses)| {
            program.mut_subcommand(name, |command| {
                let examples = command.get_after_help().map(ToString::to_string);
                let examples = examples.unwrap_or_default();
                command.after_long_help(format!("{statuses}\n\n{examples}"))
            })
        })
}

fn statuses(name: &str) -> Option<Statuses> {
    let mut known = STATUSES.into_iter();
    known.find_map(|(known, statuses)| (known == name).then_some(statuses))
}

impl Command {
    /// Records which options and variables are set, for commands that report it.
    pub(crate) fn set_given(&mut self, program: &clap::Command, matches: &ArgMatches) {
        if let Self::Serve(serve) = self {
            serve.set_given(program, matches);
        }
    }

    /// Returns true if the command has a log, and the log is JSON.
    pub(crate) fn has_json_log(&self) -> bool {
        matches!(self, Self::Serve(serve) if serve.has_json_log())
    }

    /// Runs the command. `called_as` is the name by which the program was called.
    pub(crate) fn run(self, called_as: Program) -> Result<Ended, CommandError> {
        let program = Cli::command();
        match self {
            Self::Serve(serve) => serve.run(&program, called_as),
            Self::Check(check) => check.run(),
            Self::Test(test) => test.run(),
            Self::Explain(explain) => explain.run(),
            Self::Diff(diff) => diff.run(),
            Self::Fmt(fmt) => fmt.run(),
            Self::Migrate(migrate) => migrate.run(),
            Self::Completions(completions) => completions.run(),
            Self::Man(man) => man.run(program, statuses),
            Self::Complete(complete) => complete.run(program),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        program().debug_assert();
    }

    #[test]
    fn every_command_of_the_help_has_exit_statuses() {
        let program = Cli::command();
        let commands = program.get_subcommands().filter(|command| !command.is_hide_set());
        let commands: Vec<&str> = commands.map(clap::Command::get_name).collect();
        assert_eq!(commands, STATUSES.map(|(name, _)| name));
    }
}

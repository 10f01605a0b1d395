//! The command line: what is asked for, and what it ends with.

mod check;
mod color;
mod completions;
mod diff;
mod environment;
mod explain;
mod fmt;
mod input;
mod man;
mod migrate;
mod output;
mod report;
mod serve;
mod test;
mod words;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use self::output::CommandError;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

/// A mutating admission webhook for Kubernetes that rewrites container images by rules.
#[derive(Debug, Parser)]
#[command(
    name = "imageswap",
    version = VERSION,
    max_term_width = 100,
    arg_required_else_help = true,
    after_help = "Examples:
  imageswap check rules/
      Would these rules load, and do they mean what they say?
  imageswap explain --rules rules/ nginx:1.25
      What becomes of an image, and by which rules.
  imageswap serve --self-signed --rules rules/
      The webhook, for a look.

`imageswap COMMAND --help` says more of a command."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (commit ", env!("BUILD_COMMIT"), ")");

#[derive(Debug, Subcommand)]
enum Command {
    Serve(Box<serve::Serve>),
    Check(check::Check),
    Test(test::TestCommand),
    Explain(Box<explain::Explain>),
    Diff(diff::Diff),
    Fmt(fmt::Fmt),
    Migrate(Box<imageswap_migrate::cli::Migrate>),
    Completions(completions::Completions),
    Man(man::Man),
    #[command(name = "__complete", hide = true)]
    Complete(completions::Complete),
}

/// Runs what the arguments say. 0: fine. 1: it did not work. 2: misuse.
pub(crate) fn run() -> ExitCode {
    let (arguments, is_gunicorn) = arguments(std::env::args_os());
    let command = environment::without_empty(Cli::command());
    let parsed = command.clone().try_get_matches_from(&arguments);
    let Cli { command } = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(mut error) => {
            paths_without_option(&command, &mut error, &arguments);
            // A closed pipe is no error.
            let _ = error.print();
            if let Some(variable) = environment::at_fault(&command, &error, &arguments) {
                let _ = writeln!(io::stderr(), "\nThe value is that of the variable {variable}.");
            }
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let ended = match command {
        Command::Serve(serve) => match serve.run(is_gunicorn) {
            Ok(()) => Ok(ExitCode::SUCCESS),
            Err(error) => Err(CommandError::new(error)),
        },
        Command::Check(check) => check.run(),
        Command::Test(test) => test.run(),
        Command::Explain(explain) => explain.run(),
        Command::Diff(diff) => diff.run(),
        Command::Fmt(fmt) => fmt.run(),
        Command::Migrate(migrate) => migrate::run(*migrate),
        Command::Completions(completions) => completions.run(),
        Command::Man(man) => man.run(Cli::command()),
        Command::Complete(complete) => complete.run(Cli::command()),
    };
    match ended {
        Ok(code) => code,
        Err(error) => {
            // A closed pipe is no error.
            let _ = writeln!(io::stderr(), "imageswap: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Says of `--rules`, which other commands have, that a command takes paths without it.
fn paths_without_option(command: &clap::Command, error: &mut clap::Error, arguments: &[OsString]) {
    let is_of_rules =
        matches!(error.get(ContextKind::InvalidArg), Some(ContextValue::String(named)) if named == "--rules");
    let name = arguments
        .get(1)
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let takes_paths = ["check", "test", "fmt", "diff"].contains(&name);
    if error.kind() != ErrorKind::UnknownArgument || !is_of_rules || !takes_paths {
        return;
    }
    // What else is suggested, and the usage that follows from it, is for other slips.
    error.remove(ContextKind::SuggestedArg);
    let tip = StyledStr::from(format!("`{name}` takes paths without `--rules`"));
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
    let mut command = command.clone();
    command.build();
    if let Some(subcommand) = command.find_subcommand_mut(name) {
        let usage = subcommand.render_usage();
        error.insert(ContextKind::Usage, ContextValue::StyledStr(usage));
    }
}

/// Ends with what is wrong with the arguments of the command that runs.
fn misuse(kind: ErrorKind, message: &str) -> ! {
    let mut command = Cli::command();
    command.build();
    let name = std::env::args().nth(1).unwrap_or_default();
    match command.find_subcommand_mut(&name) {
        Some(subcommand) => subcommand.error(kind, message).exit(),
        None => command.error(kind, message).exit(),
    }
}

/// The arguments, and whether they are those of a Deployment of imageswap-webhook, whose command is
/// `gunicorn imageswap:app --config=config.py`: called so, it serves, whatever its arguments.
///
/// `help COMMAND --help` is `help COMMAND`: whoever asks twice is answered.
fn arguments(given: impl Iterator<Item = OsString>) -> (Vec<OsString>, bool) {
    let given: Vec<OsString> = given.collect();
    let is_gunicorn = given
        .first()
        .and_then(|program| Path::new(program).file_name())
        .is_some_and(|name| name == "gunicorn");
    if is_gunicorn {
        (vec!["imageswap".into(), "serve".into()], true)
    } else if given.get(1).is_some_and(|command| command == "help") {
        let is_asked_again = |word: &OsString| word == "--help" || word == "-h";
        let mut words: Vec<OsString> = given
            .iter()
            .filter(|word| !is_asked_again(word))
            .cloned()
            .collect();
        if words.len() == 2 && given.len() > 2 {
            words.push("help".into());
        }
        (words, false)
    } else {
        (given, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn called_as_gunicorn_it_serves_whatever_its_arguments() {
        let given = ["/usr/bin/gunicorn", "imageswap:app", "--config=config.py"];
        let (arguments, is_gunicorn) = arguments(given.iter().map(Into::into));
        assert!(is_gunicorn);
        assert_eq!(arguments, ["imageswap", "serve"]);
    }
}

//! The commands of the program, by the names that a command line has.

use clap::{Parser, Subcommand};

use super::error::CommandError;
use super::exit::Ended;
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
      Would these rules load, and do they mean what they say?
  imageswap explain --rules rules/ nginx:1.25
      What becomes of an image, and by which rules.
  imageswap serve --self-signed --rules rules/
      The webhook, for a look.

`imageswap COMMAND --help` says more of a command."
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
    Migrate(Box<imageswap_migrate::cli::Migrate>),
    Completions(completions::Completions),
    Man(man::Man),
    #[command(name = "__complete", hide = true)]
    Complete(completions::Complete),
}

impl Command {
    /// Runs the command. `program` is the definition of the command line, and `is_gunicorn` is true if the program was
    /// called by the name that the Deployment of imageswap-webhook calls.
    pub(crate) fn run(self, program: clap::Command, is_gunicorn: bool) -> Result<Ended, CommandError> {
        match self {
            Self::Serve(serve) => serve.run(&program, is_gunicorn),
            Self::Check(check) => check.run(),
            Self::Test(test) => test.run(),
            Self::Explain(explain) => explain.run(),
            Self::Diff(diff) => diff.run(),
            Self::Fmt(fmt) => fmt.run(),
            Self::Migrate(migrate) => migrate::run(*migrate),
            Self::Completions(completions) => completions.run(),
            Self::Man(man) => man.run(program),
            Self::Complete(complete) => complete.run(program),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}

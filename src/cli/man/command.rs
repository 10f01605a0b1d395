//! Arguments of `imageswap man`, and its run.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Command, ValueHint};

use super::page::{commands, name_of, page};
use crate::cli::error::CommandError;
use crate::cli::exit::{Ended, Statuses, UsageError};
use crate::cli::output::print;

/// Exit statuses of the command.
pub(crate) const STATUSES: Statuses = Statuses {
    success: "printed, or written",
    failure: Some("a page cannot be written"),
};

/// Print a manual page, or write all of them to a directory.
///
/// A page has the text of --help, the environment variables and the exit statuses.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  imageswap man | man -l -
      The main page.
  imageswap man check | man -l -
      The page of a command.
  imageswap man --dir /usr/local/share/man/man1
      Write all pages to a directory of man: imageswap.1, imageswap-check.1 and so on.")]
pub(crate) struct Man {
    /// Command of the page; without it, the main page
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
    /// Write all pages to this directory, and create it if it does not exist
    #[arg(long, value_name = "DIRECTORY", value_hint = ValueHint::DirPath, conflicts_with = "command")]
    dir: Option<PathBuf>,
}

impl Man {
    /// Writes the page, or all of them. `statuses` returns the exit statuses of a command by its name.
    pub(crate) fn run(
        self,
        mut program: Command,
        statuses: fn(&str) -> Option<Statuses>,
    ) -> Result<Ended, CommandError> {
        program.build();
        if let Some(directory) = &self.dir {
            write_all(&program, directory, statuses)?;
            return Ok(Ended::Clean);
        }
        let of = match &self.command {
            Some(name) => find(&program, name)?,
            None => &program,
        };
        print(&page(&program, of, statuses(of.get_name())))?;
        Ok(Ended::Clean)
    }
}

fn find<'c>(program: &'c Command, name: &str) -> Result<&'c Command, UsageError> {
    commands(program)
        .find(|command| command.get_name() == name)
        .ok_or_else(|| UsageError::UnknownCommand {
            name: name.to_owned(),
            known: commands(program)
                .map(|command| command.get_name().to_owned())
                .collect(),
        })
}

fn write_all(
    program: &Command,
    directory: &Path,
    statuses: fn(&str) -> Option<Statuses>,
) -> Result<(), CommandError> {
    let fail = |path: &Path, error: io::Error| CommandError::Write {
        path: path.to_owned(),
        error,
    };
    fs::create_dir_all(directory).map_err(|error| fail(directory, error))?;
    for command in std::iter::once(program).chain(commands(program)) {
        let path = directory.join(format!("{}.1", name_of(command)));
        let unfinished = path.with_extension("1.new");
        // A rename is atomic: a reader finds the new page or the previous one.
        fs::write(&unfinished, page(program, command, statuses(command.get_name())))
            .and_then(|()| fs::rename(&unfinished, &path))
            .map_err(|error| fail(&path, error))?;
    }
    Ok(())
}

//! Arguments of `imageswap completions` and of the command that shells run, and their runs.

use std::ffi::OsString;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use clap::{Args, Command, ValueEnum};

use super::bash;
use super::candidate::Candidate;
use super::cursor::candidates;
use crate::cli::error::CommandError;
use crate::cli::exit::{Ended, Statuses};
use crate::cli::output::print;

/// Exit statuses of the command.
pub(crate) const STATUSES: Statuses = Statuses {
    success: "printed",
    failure: None,
};

/// Print a script that makes a shell complete command lines of imageswap.
///
/// It completes commands, options, values and files. From the rules that the command line names, it completes names of
/// rules, images of tests, constants, and values of conditions, such as namespaces and labels. The shell runs
/// `imageswap`, which has to be in the PATH.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  source <(imageswap completions bash)
      Add this line to ~/.bashrc.
  source <(imageswap completions zsh)
      Add this line to ~/.zshrc, below the line of compinit.
  imageswap completions fish | source
      Add this line to ~/.config/fish/config.fish.")]
pub(crate) struct Completions {
    /// Shell to print the script for
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

/// Print the candidates for the end of a command line.
#[derive(Args, Debug)]
pub(crate) struct Complete {
    #[arg(value_enum)]
    shell: Shell,
    /// Words up to the cursor without the first one; for bash the line up to the cursor, and its `COMP_WORDBREAKS`
    #[arg(last = true)]
    words: Vec<OsString>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// Time for the candidates. A shell waits for the program, and a file system on a network can block for minutes.
const TIMEOUT: Duration = Duration::from_secs(1);

impl Completions {
    pub(crate) fn run(self) -> Result<Ended, CommandError> {
        let script = match self.shell {
            Shell::Bash => include_str!("imageswap.bash"),
            Shell::Zsh => include_str!("imageswap.zsh"),
            Shell::Fish => include_str!("imageswap.fish"),
        };
        print(script)?;
        Ok(Ended::Clean)
    }
}

impl Complete {
    /// Writes the candidates, one a line, and none if they cannot be found in time.
    pub(crate) fn run(self, command: Command) -> Result<Ended, CommandError> {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            // After the timeout there is no receiver.
            let _ = sender.send(self.answer(command));
        });
        let answer = receiver.recv_timeout(TIMEOUT).unwrap_or_default();
        print(&answer)?;
        Ok(Ended::Clean)
    }

    fn answer(self, mut command: Command) -> String {
        command.build();
        let words: Vec<String> = self
            .words
            .iter()
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        match self.shell {
            Shell::Bash => {
                let mut words = words.into_iter();
                let typed = bash::Typed::read(
                    &words.next().unwrap_or_default(),
                    &words.next().unwrap_or_default(),
                );
                typed.answer(&candidates(&command, typed.arguments()))
            }
            Shell::Zsh | Shell::Fish => {
                let found = candidates(&command, &words);
                let line = |candidate: &Candidate| format!("{}\t{}\n", candidate.value, candidate.help);
                found.list.iter().map(line).collect()
            }
        }
    }
}

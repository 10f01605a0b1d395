//! Options of `imageswap completions` and of the command that shells run, and their runs.

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

/// Print what makes a shell complete command lines of imageswap.
///
/// It completes commands, options, their values and files, and what the rules mention that the command line names:
/// names of rules, images of tests, constants, namespaces, labels and the like. The shell asks `imageswap`, which has
/// to be in the PATH.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  source <(imageswap completions bash)
      The line for ~/.bashrc.
  source <(imageswap completions zsh)
      The line for ~/.zshrc, below the one of compinit.
  imageswap completions fish | source
      The line for ~/.config/fish/config.fish.")]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

/// Answer what a shell asks for a command line that is being typed.
#[derive(Args, Debug)]
pub(crate) struct Complete {
    #[arg(value_enum)]
    shell: Shell,
    /// The words up to the cursor without the first one; of bash the line up to the cursor, and what separates words.
    #[arg(last = true)]
    words: Vec<OsString>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// So long is waited for an answer: whatever a file system does, the shell goes on.
const PATIENCE: Duration = Duration::from_secs(1);

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
    /// Writes the candidates, one a line. Whatever goes wrong, there are none.
    pub(crate) fn run(self, command: Command) -> Result<Ended, CommandError> {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            // Who asked may have given up.
            let _ = sender.send(self.answer(command));
        });
        let answer = receiver.recv_timeout(PATIENCE).unwrap_or_default();
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

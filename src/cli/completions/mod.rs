//! `imageswap completions`: what teaches a shell to complete command lines, and the answers that it asks for.
//!
//! The scripts hold no list of commands and options: they ask the program itself, as each key is pressed. So what is
//! completed is always that of the release that is installed, and the rules that a command line names are looked into.

mod bash;
mod line;
mod mentioned;
mod paths;
mod values;

use std::ffi::OsString;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use clap::{Args, Command, ValueEnum};

use self::line::Line;
use super::error::CommandError;
use super::exit::Ended;
use super::output::print;

/// Print what makes a shell complete command lines of imageswap.
///
/// It completes commands, options, their values and files, and what the rules mention that the command line names:
/// names of rules, images of tests, constants, namespaces, labels and the like. The shell asks `imageswap`, which has
/// to be in the PATH. Exit status 0: printed. 2: misuse.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  source <(imageswap completions bash)
      The line for ~/.bashrc.
  source <(imageswap completions zsh)
      The line for ~/.zshrc, below the one of compinit.
  imageswap completions fish | source
      The line for ~/.config/fish/config.fish.")]
pub(super) struct Completions {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

/// Answer what a shell asks for a command line that is being typed.
#[derive(Args, Debug)]
pub(super) struct Complete {
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

/// What may stand at the cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Candidate {
    /// The whole word.
    value: String,
    /// What it is, for the shells that show it.
    help: String,
}

/// What may stand at the cursor, in the order in which it is to be shown.
#[derive(Debug, Default)]
struct Candidates {
    list: Vec<Candidate>,
    /// Whether they are files, whose names the shell quotes itself.
    are_files: bool,
}

/// So long is waited for an answer: whatever a file system does, the shell goes on.
const PATIENCE: Duration = Duration::from_secs(1);

impl Completions {
    pub(super) fn run(self) -> Result<Ended, CommandError> {
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
    pub(super) fn run(self, command: Command) -> Result<Ended, CommandError> {
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

/// What may stand in the place of the last one of these words.
fn candidates(command: &Command, words: &[String]) -> Candidates {
    let mut found = words
        .split_last()
        .map(|(current, before)| Line::read(command, before).candidates(current))
        .unwrap_or_default();
    // A shell reads lines, and a tab ends the value.
    found
        .list
        .retain(|candidate| !candidate.value.contains(char::is_control));
    found
}

//! The command line before the cursor, read by the definition of the command line. So a new command or option needs no
//! change here.

use clap::{Arg, ArgAction, Command};

/// Command line before the cursor.
pub(super) struct Line<'c> {
    /// Definition of the program.
    pub(super) program: &'c Command,
    /// Command that the words name, or the program if they name none yet.
    pub(super) command: &'c Command,
    /// Arguments so far, with their values. The value of a flag is empty.
    pub(super) given: Vec<(&'c Arg, String)>,
    /// Option whose value is at the cursor.
    pub(super) pending: Option<&'c Arg>,
    /// Number of words so far that are not options.
    pub(super) positionals: usize,
    /// True after `--`: no more options follow.
    pub(super) is_escaped: bool,
}

impl<'c> Line<'c> {
    pub(super) fn read(program: &'c Command, before: &[String]) -> Self {
        let mut line = Self {
            program,
            command: program,
            given: Vec::new(),
            pending: None,
            positionals: 0,
            is_escaped: false,
        };
        for word in before {
            line.take(word);
        }
        line
    }

    fn take(&mut self, word: &str) {
        if let Some(option) = self.pending.take() {
            self.given.push((option, word.to_owned()));
        } else if self.is_escaped {
            self.take_positional(word);
        } else if word == "--" {
            self.is_escaped = true;
        } else if let Some(option) = word.strip_prefix("--") {
            let (name, value) = match option.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (option, None),
            };
            match (self.option(name), value) {
                (Some(option), None) if takes_value(option) => self.pending = Some(option),
                (Some(option), value) => self.given.push((option, value.unwrap_or_default().to_owned())),
                (None, _) => {}
            }
        } else if !word.starts_with('-') || word == "-" {
            match self.command.find_subcommand(word) {
                Some(command) if self.positionals == 0 => self.command = command,
                _ => self.take_positional(word),
            }
        }
    }

    fn take_positional(&mut self, word: &str) {
        if let Some(positional) = self.positional() {
            self.given.push((positional, word.to_owned()));
        }
        self.positionals += 1;
    }

    pub(super) fn option(&self, name: &str) -> Option<&'c Arg> {
        self.command
            .get_arguments()
            .find(|option| option.get_long() == Some(name))
    }

    /// Returns the argument of which the next word is a value, if that word is not an option.
    pub(super) fn positional(&self) -> Option<&'c Arg> {
        let takes_more = |positional: &&Arg| {
            positional
                .get_num_args()
                .is_some_and(|range| range.max_values() > 1)
                || matches!(positional.get_action(), ArgAction::Append)
        };
        let mut positionals = self.command.get_positionals();
        let nth = positionals.nth(self.positionals);
        nth.or_else(|| self.command.get_positionals().last().filter(takes_more))
            .filter(|positional| !positional.is_hide_set())
    }
}

pub(super) fn takes_value(option: &Arg) -> bool {
    option.get_action().takes_values()
}

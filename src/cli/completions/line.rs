//! What stands on a command line before the cursor, by the same definition that command lines are parsed by: so that a
//! command or an option that is added is completed without a word here.

use clap::{Arg, ArgAction, Command};

use super::values::values;
use super::{Candidate, Candidates};

/// The words before the cursor.
pub(super) struct Line<'c> {
    /// The whole program.
    pub(super) program: &'c Command,
    /// The command that they name, or the program as long as they name none.
    command: &'c Command,
    /// What is given so far; flags have an empty value.
    pub(super) given: Vec<(&'c Arg, String)>,
    /// The option whose value stands at the cursor.
    pending: Option<&'c Arg>,
    /// How many words there are that are no options.
    positionals: usize,
    /// Whether no more options can follow.
    is_escaped: bool,
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

    fn option(&self, name: &str) -> Option<&'c Arg> {
        self.command
            .get_arguments()
            .find(|option| option.get_long() == Some(name))
    }

    /// The argument that the next word is a value of, if it is no option.
    fn positional(&self) -> Option<&'c Arg> {
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

    /// What may stand at the cursor, where this is typed of it.
    pub(super) fn candidates(&self, current: &str) -> Candidates {
        if let Some(option) = self.pending {
            return values(self, option, current);
        }
        if !self.is_escaped
            && let Some((name, value)) = current.strip_prefix("--").and_then(|rest| rest.split_once('='))
        {
            let mut found = self
                .option(name)
                .filter(|option| takes_value(option))
                .map(|option| values(self, option, value))
                .unwrap_or_default();
            for candidate in &mut found.list {
                candidate.value.insert_str(0, &format!("--{name}="));
            }
            return found;
        }
        let mut found = match self.positional() {
            Some(positional) => values(self, positional, current),
            None => Candidates::default(),
        };
        if self.positionals == 0 && !self.is_escaped {
            found.list.extend(subcommands(self.command, current));
        }
        let is_at_option = current.starts_with('-') || (current.is_empty() && found.list.is_empty());
        if is_at_option && !self.is_escaped {
            found.list.extend(self.options(current));
        }
        found
    }

    /// The options that can still be given.
    fn options(&self, current: &str) -> impl Iterator<Item = Candidate> {
        self.command.get_arguments().filter_map(move |option| {
            let value = format!("--{}", option.get_long()?);
            let is_again = self
                .given
                .iter()
                .any(|(known, _)| known.get_id() == option.get_id())
                && !matches!(option.get_action(), ArgAction::Append);
            let fits = value.starts_with(current) && !is_again && !option.is_hide_set();
            fits.then(|| Candidate {
                value,
                help: first_line(option.get_help()),
            })
        })
    }
}

/// The commands below another.
pub(super) fn subcommands(command: &Command, current: &str) -> impl Iterator<Item = Candidate> {
    command
        .get_subcommands()
        .filter(move |command| !command.is_hide_set() && command.get_name().starts_with(current))
        .map(|command| Candidate {
            value: command.get_name().to_owned(),
            help: first_line(command.get_about()),
        })
}

/// Help is shown beside a candidate, on one line.
pub(super) fn first_line(help: Option<&clap::builder::StyledStr>) -> String {
    let help = help.map(ToString::to_string).unwrap_or_default();
    help.lines().next().unwrap_or_default().to_owned()
}

fn takes_value(option: &Arg) -> bool {
    option.get_action().takes_values()
}

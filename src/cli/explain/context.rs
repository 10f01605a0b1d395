//! The object and the request that the image belongs to.

use clap::builder::PossibleValuesParser;
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use imageswap_engine::context::{Setting, Subject, ValueKind, ValueOrigin};

/// The context that the options spell out: one option for each value that conditions read.
#[derive(Debug)]
pub(super) struct ContextOptions {
    pub(super) setting: Setting,
}

/// Returns the options whose values come from one of these sources.
pub(super) fn options_of<const N: usize>(origins: [ValueOrigin; N]) -> impl Iterator<Item = &'static str> {
    options()
        .filter(move |subject| origins.contains(&subject.origin()))
        .map(Subject::as_str)
}

fn options() -> impl Iterator<Item = Subject> {
    let has_value = |subject: &Subject| subject.kind() != ValueKind::None;
    Subject::ALL.iter().copied().filter(has_value)
}

fn option(subject: Subject) -> Arg {
    let option = Arg::new(subject.as_str())
        .long(subject.as_str())
        .value_name(subject.form())
        .help(subject.description())
        .help_heading("Context")
        .default_values(subject.default());
    match subject.kind() {
        ValueKind::Pairs(_) => option
            .action(ArgAction::Append)
            .value_parser(pair)
            .help(format!("{} (repeatable)", subject.description())),
        ValueKind::Word(words) => option.value_parser(PossibleValuesParser::new(words)),
        ValueKind::Text(_) | ValueKind::Owner | ValueKind::None => option,
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE".to_owned()),
    }
}

impl Args for ContextOptions {
    fn augment_args(command: Command) -> Command {
        command.args(options().map(option))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for ContextOptions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut setting = Setting::default();
        for subject in options() {
            let name = subject.as_str();
            if subject.has_keys() {
                for (key, value) in matches.get_many::<(String, String)>(name).into_iter().flatten() {
                    if !setting.set(subject, Some(key), value) {
                        let message = format!("the {name} `{key}` is given twice\n");
                        return Err(clap::Error::raw(ErrorKind::ArgumentConflict, message));
                    }
                }
            } else if let Some(value) = matches.get_one::<String>(name) {
                setting.set(subject, None, value);
            }
        }
        Ok(Self { setting })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

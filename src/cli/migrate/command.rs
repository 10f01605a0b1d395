//! Arguments of `imageswap migrate`, and a run of it.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use clap::Args;
use imageswap_engine::diagnostic::visible;
use imageswap_engine::reference::Reference;
use imageswap_files::{MAX_INPUT, Replace, STDIN, WriteReason, display_name, read_once, write};
use imageswap_migrate::{Input, config_map, migrate, parse_config_map_name};

use super::{human, json, progress, short};
use crate::cli::error::CommandError;
use crate::cli::exit::{Ended, Statuses, UsageError};
use crate::cli::input::GivenOptions;
use crate::cli::output::{Output, OutputOptions};
use crate::cli::report::Format;

/// Exit statuses of the command.
pub(crate) const STATUSES: Statuses = Statuses {
    success: "no image changes, or each change has a reason",
    failure: Some("an image changes without a reason, or there is no rules file"),
};

/// Turn a map of imageswap-webhook, or the prefix of its LEGACY mode, into a rules file, with the proof that it says the
/// same.
///
/// The rules go to stdout. To stderr goes what was found, advice about lines that rely on a trap, and what the old
/// configuration and the rules do with the same images: those that can be made from its lines, and those that are
/// given.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  imageswap migrate maps.conf
      The rules for a map, with their comparison.
  kubectl get configmap/imageswap-maps -o yaml | imageswap migrate --configmap imageswap-maps
      The ConfigMap to apply in the place of the old one, in the namespace of the webhook.
  kubectl get pods -A -o json | imageswap migrate --manifests - maps.conf
      And the comparison over what runs in a cluster.
  imageswap migrate --image-prefix harbor.example.com/hub
      The rules for LEGACY mode.")]
pub(crate) struct Migrate {
    /// A map, or YAML with the ConfigMap or the Deployment of imageswap-webhook; - for stdin, as without it
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// The prefix of LEGACY mode; without it and FILE the variable IMAGE_PREFIX, if it is set
    #[arg(long, value_name = "PREFIX", conflicts_with = "file")]
    image_prefix: Option<String>,
    #[command(flatten)]
    given: GivenOptions,
    /// Write a ConfigMap of this name; imageswap-maps has the key maps, any other one 10-migrated.rules
    #[arg(long = "configmap", value_name = "NAME", value_parser = parse_config_map_name)]
    config_map: Option<String>,
    /// Write to this file, which must not be there, and not to stdout
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write over the file that is there
    #[arg(long, requires = "output")]
    force: bool,
    #[command(flatten)]
    output_options: OutputOptions,
}

impl Migrate {
    /// Migrates, and writes the rules and the report.
    pub(crate) fn run(self) -> Result<Ended, CommandError> {
        let of_stdin = self.file.iter().chain(self.given.paths());
        if of_stdin.filter(|path| path.as_os_str() == STDIN).count() > 1 {
            return Err(UsageError::StdinShared.into());
        }
        let input = self.input()?;
        let mut notes = Vec::new();
        if let Some(file) = &self.file
            && prefix_of_environment().is_some_and(|prefix| !prefix.is_empty())
        {
            notes.push(format!(
                "{} is taken; the variable IMAGE_PREFIX, which is set, counts only where no FILE is named",
                display_name(file)
            ));
        }
        let given = self.read_given(&mut notes)?;
        let source = input.source();
        let migration = migrate(input.old(), &input.origin, &given, &progress::on_terminal())
            .map_err(|fault| CommandError::Migrate(human::fault(&fault, &input.place, source)))?;
        let text = match &self.config_map {
            Some(name) => config_map(name, input.config_map.as_ref(), &migration.text).map_err(failed)?,
            None => migration.text.clone(),
        };
        let mut output = Output::new(self.output_options);
        match &self.output {
            Some(file) => save(file, &text, self.force)?,
            None => output.text(&text)?,
        }
        let report = match output.format {
            Format::Human => human::report(&migration, &input.what, source, &notes),
            Format::Json => json::report(&migration, &input.what, source, &notes)
                .map_err(|error| CommandError::Result(error.into()))?,
            Format::Short => short::report(&migration, &input.what, source, &notes),
        };
        // Each report ends with a line break, which the output adds.
        output.say(report.trim_end_matches('\n'))?;
        output.end(match migration.comparison.unexplained().next() {
            None => Ended::Clean,
            Some(_) => Ended::Findings,
        })
    }

    /// Reads the given images, with a note for each list or path that has none.
    fn read_given(&self, notes: &mut Vec<String>) -> Result<Vec<String>, CommandError> {
        /// The length to which a line is shown: what is not a list may be one long line.
        const SHOWN: usize = 80;
        let mut given = Vec::new();
        if let Some(file) = &self.given.images {
            given.extend(self.given.read_list()?.into_iter().map(|given| given.case.image));
            let mut others = given.iter().filter(|image| Reference::parse(image).is_err());
            if let Some(first) = others.next() {
                let first: String = first.chars().take(SHOWN).collect();
                let more = match others.count() {
                    0 => String::new(),
                    1 => ", and neither is another line".to_owned(),
                    more => format!(", and neither are {more} other lines"),
                };
                notes.push(format!(
                    "{}: `{first}` is no image{more}; --images reads one a line",
                    display_name(file)
                ));
            }
            if given.is_empty() {
                notes.push(format!(
                    "{} holds no image, so nothing of it is compared; --images reads one a line",
                    display_name(file)
                ));
            }
        }
        if let Some(path) = &self.given.manifests {
            let found = self.given.read_manifests(notes)?;
            if found.is_empty() {
                notes.push(format!(
                    "{} holds no image, so nothing of it is compared; Pods have images, and what has a Pod template",
                    display_name(path)
                ));
            }
            given.extend(found.into_iter().map(|given| given.case.image));
        }
        Ok(given)
    }

    fn input(&self) -> Result<Input, CommandError> {
        if let Some(prefix) = &self.image_prefix {
            return Ok(Input::from_prefix(prefix, "--image-prefix"));
        }
        let file = match &self.file {
            Some(file) => file.as_path(),
            None => {
                if let Some(prefix) = prefix_of_environment() {
                    return Ok(Input::from_prefix(&prefix, "the variable IMAGE_PREFIX"));
                }
                let mut others = self.given.paths();
                if io::stdin().is_terminal() || others.any(|path| path.as_os_str() == STDIN) {
                    return Err(UsageError::NoMap.into());
                }
                Path::new(STDIN)
            }
        };
        Input::parse(&display_name(file), read_once(file, MAX_INPUT)?).map_err(failed)
    }
}

/// Returns an error in which nothing that comes from a file drives the terminal.
fn failed(why: String) -> CommandError {
    CommandError::Migrate(visible(&why).into_owned())
}

/// Writes a file, over another only if that is wanted.
fn save(file: &Path, text: &str, force: bool) -> Result<(), CommandError> {
    let replace = if force {
        Replace::Anything
    } else {
        Replace::Nothing
    };
    write(file, text, replace).map_err(|error| match error.reason {
        WriteReason::Exists => failed(format!(
            "{} is there already, and stays as it is; --force writes over it",
            file.display()
        )),
        _ => failed(error.to_string()),
    })
}

/// Returns the prefix that imageswap-webhook would use in this environment.
fn prefix_of_environment() -> Option<String> {
    let is_other = |mode: String| !mode.is_empty() && !mode.eq_ignore_ascii_case("LEGACY");
    if std::env::var("IMAGESWAP_MODE").is_ok_and(is_other) {
        return None;
    }
    std::env::var("IMAGE_PREFIX").ok()
}

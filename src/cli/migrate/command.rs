//! Arguments of `imageswap migrate`, and a run of it.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use clap::Args;
use imageswap_engine::diagnostic::visible;
use imageswap_engine::reference::Reference;
use imageswap_files::{MAX_INPUT, Replace, STDIN, WriteReason, display_name, read_once, write};
use imageswap_migrate::{Input, Progress, config_map, migrate, parse_config_map_name};

use super::{human, json, short};
use crate::cli::error::CommandError;
use crate::cli::exit::{Ended, Statuses, UsageError};
use crate::cli::input::GivenOptions;
use crate::cli::output::{Output, OutputOptions};
use crate::cli::progress;
use crate::cli::report::Format;
use crate::webhook::uninterrupted;

/// Exit statuses of the command.
pub(crate) const STATUSES: Statuses = Statuses {
    success: "no image changes, or each change has a reason",
    failure: Some("an image changes without a reason, or there is no rules file"),
};

/// Convert a map of imageswap-webhook, or the prefix of its LEGACY mode, into rules, and compare the results.
///
/// Writes the rules to stdout. Writes a report to stderr: the configuration that was found, advice about lines that rely
/// on a trap, and a comparison. The comparison evaluates images with the old configuration and with the rules: sample
/// images, which are derived from the lines of the map, and the images that you give.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  imageswap migrate maps.conf
      Write the rules for a map, and compare the results.
  kubectl get configmap/imageswap-maps -o yaml | imageswap migrate --configmap imageswap-maps
      Write a ConfigMap that replaces the old one, in the namespace of the webhook.
  kubectl get pods -A -o json | imageswap migrate --manifests - maps.conf
      Compare also the images that run in a cluster.
  imageswap migrate --image-prefix harbor.example.com/hub
      Write the rules for LEGACY mode.")]
pub(crate) struct Migrate {
    /// Map, or YAML with the ConfigMap or the Deployment of imageswap-webhook; - for stdin, the default
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Prefix of LEGACY mode [default without FILE: the variable IMAGE_PREFIX, if it is set]
    #[arg(long, value_name = "PREFIX", conflicts_with = "file")]
    image_prefix: Option<String>,
    #[command(flatten)]
    given: GivenOptions,
    /// Name of a ConfigMap to write; its key is maps for imageswap-maps, and 10-migrated.rules for any other name
    #[arg(long = "configmap", value_name = "NAME", value_parser = parse_config_map_name)]
    config_map: Option<String>,
    /// New file to write instead of stdout
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Overwrite the file if it exists
    #[arg(long, requires = "output")]
    force: bool,
    #[command(flatten)]
    output_options: OutputOptions,
}

impl Migrate {
    /// Migrates, and writes the rules and the report.
    pub(crate) fn run(self) -> Result<Ended, CommandError> {
        let inputs = self.file.iter().chain(self.given.paths());
        if inputs.filter(|path| path.as_os_str() == STDIN).count() > 1 {
            return Err(UsageError::StdinShared.into());
        }
        let input = self.input()?;
        let mut notes = Vec::new();
        if let Some(file) = &self.file
            && prefix_of_environment().is_some_and(|prefix| !prefix.is_empty())
        {
            notes.push(format!(
                "{} is used, and the variable IMAGE_PREFIX is ignored, because FILE is given",
                display_name(file)
            ));
        }
        let given = self.read_given(&mut notes)?;
        let source = input.source();
        let progress = match progress::on_terminal() {
            Some(line) => Progress::new(move |step| line.show(step)),
            None => Progress::silent(),
        };
        let migration = migrate(input.old(), &input.origin, &given, &progress)
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
        // Each report ends with a line break, and `say` adds one.
        output.say(report.trim_end_matches('\n'))?;
        output.end(match migration.comparison.unexplained().next() {
            None => Ended::Clean,
            Some(_) => Ended::Findings,
        })
    }

    /// Reads the given images, with a note for each list or path that has none.
    fn read_given(&self, notes: &mut Vec<String>) -> Result<Vec<String>, CommandError> {
        /// Maximum length of a line in a message: a file that is not a list may be one long line.
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
                    "{}: `{first}` is not a valid image{more}; --images expects one image per line",
                    display_name(file)
                ));
            }
            if given.is_empty() {
                notes.push(format!(
                    "{} has no images to compare; --images expects one image per line",
                    display_name(file)
                ));
            }
        }
        if let Some(path) = &self.given.manifests {
            let found = self.given.read_manifests(notes)?;
            if found.is_empty() {
                notes.push(format!(
                    "{} has no images to compare; only Pods and objects with a Pod template have images",
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

/// Returns an error without characters that control a terminal: its text comes from a file.
fn failed(why: String) -> CommandError {
    CommandError::Migrate(visible(&why).into_owned())
}

/// Writes a file, and replaces an existing one only if `force` is set.
fn save(file: &Path, text: &str, force: bool) -> Result<(), CommandError> {
    let replace = if force {
        Replace::Anything
    } else {
        Replace::Nothing
    };
    uninterrupted(|| write(file, text, replace)).map_err(|error| match error.reason {
        WriteReason::Exists => failed(format!(
            "{} exists and is not overwritten; use --force to overwrite it",
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

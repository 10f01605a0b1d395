//! The command line: `imageswap migrate`, and `imageswap-migrate` by itself.

use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use imageswap_engine::diagnostic::visible;
use imageswap_engine::reference::Reference;
use imageswap_files::{
    MAX_INPUT, Replace, STDIN, WriteReason, display_name, listed_images, read_once, write,
};

use crate::input::{Found, Input};
use crate::migration::{Old, migrate};
use crate::progress::Progress;
use crate::{config_map, images, report};

/// Turn a map of imageswap-webhook, or the prefix of its LEGACY mode, into a rules file, with the proof that it says the
/// same.
///
/// The rules go to stdout. To stderr goes what was found, advice about lines that rely on a trap, and what the old
/// configuration and the rules do with the same images: those that can be made from its lines, and those that are
/// given.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  imageswap migrate maps.conf
      The rules for a map, with their proof.
  kubectl get configmap/imageswap-maps -o yaml | imageswap migrate --configmap imageswap-maps
      The ConfigMap to apply in the place of the old one, in the namespace of the webhook.
  kubectl get pods -A -o json | imageswap migrate --manifests - maps.conf
      And the proof over what runs in a cluster.
  imageswap migrate --image-prefix harbor.example.com/hub
      The rules for LEGACY mode.")]
pub struct Migrate {
    /// A map, or YAML with the ConfigMap or the Deployment of imageswap-webhook; - for stdin, as without it
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// The prefix of LEGACY mode; without it and FILE the variable IMAGE_PREFIX, if it is set
    #[arg(long, value_name = "PREFIX", conflicts_with = "file")]
    image_prefix: Option<String>,
    /// Compare these images too, one a line; - for stdin
    #[arg(long, value_name = "FILE")]
    images: Option<PathBuf>,
    /// Compare the images of these manifests too: a file or a directory of YAML or JSON, lists included; - for stdin
    #[arg(long, value_name = "PATH")]
    manifests: Option<PathBuf>,
    /// Write a ConfigMap of this name; imageswap-maps has the key maps, any other one 10-migrated.rules
    #[arg(long = "configmap", value_name = "NAME", value_parser = config_map::name)]
    config_map: Option<String>,
    /// Write to this file, which must not be there, and not to stdout
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write over the file that is there
    #[arg(long, requires = "output")]
    force: bool,
    /// The form of the report
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Text for people
    Human,
    /// A JSON object a line
    Json,
}

/// Why a command line came to nothing.
#[derive(Debug)]
pub enum Ended {
    /// The arguments are at fault.
    Misuse(String),
    /// Something else is: one line for people, and perhaps some below it.
    Failed(String),
}

impl Ended {
    fn failed(why: impl fmt::Display) -> Self {
        Self::Failed(visible(&why.to_string()).into_owned())
    }
}

impl Migrate {
    /// Migrates, and gives the exit status.
    ///
    /// # Errors
    ///
    /// Where there is no rules file.
    pub fn run(self) -> Result<ExitCode, Ended> {
        let of_stdin = self.file.iter().chain(&self.images).chain(&self.manifests);
        if of_stdin.filter(|path| path.as_os_str() == STDIN).count() > 1 {
            return Err(Ended::Misuse(
                "stdin can be read once only: name a file for all but one of the -".to_owned(),
            ));
        }
        let input = self.input()?;
        let mut notes = Vec::new();
        if let Some(file) = &self.file
            && of_environment().is_some_and(|prefix| !prefix.is_empty())
        {
            notes.push(format!(
                "{} is taken; the variable IMAGE_PREFIX, which is set, counts only where no FILE is named",
                display_name(file)
            ));
        }
        let given = self.given(&mut notes)?;
        let (old, source) = match &input.found {
            Found::Map(sources, source) => {
                let name = sources.get(*source).map_or("", |source| source.name());
                (Old::Map(sources, *source), name)
            }
            // It has no lines to be named.
            Found::Prefix(prefix) => (Old::Prefix(prefix), input.place.as_str()),
        };
        let progress = Progress::on_terminal();
        let migration = migrate(old, &input.origin, &given, &progress)
            .map_err(|fault| Ended::Failed(report::fault(&fault, &input.place, source)))?;
        drop(progress);
        let text = match &self.config_map {
            Some(name) => config_map::config_map(name, input.config_map.as_ref(), &migration.text)
                .map_err(Ended::failed)?,
            None => migration.text.clone(),
        };
        match &self.output {
            Some(file) => save(file, &text, self.force)?,
            None => unless_closed(io::stdout().lock().write_all(text.as_bytes()))?,
        }
        let report = match self.format {
            Format::Human => report::human(&migration, &input.what, source, &notes),
            Format::Json => report::json(&migration, &input.what, source, &notes)
                .map_err(|error| Ended::Failed(format!("cannot write the report: {error}")))?,
        };
        // A closed pipe is no error.
        let _ = io::stderr().write_all(report.as_bytes());
        Ok(match migration.proof.unexplained().next() {
            None => ExitCode::SUCCESS,
            Some(_) => ExitCode::FAILURE,
        })
    }

    /// The images that are given, with a note where there are none in what is named.
    fn given(&self, notes: &mut Vec<String>) -> Result<Vec<String>, Ended> {
        /// How much of a line is shown: what is no list may be one long line.
        const SHOWN: usize = 80;
        let mut given = Vec::new();
        if let Some(file) = &self.images {
            given.extend(listed_images(&read(file)?).map(str::to_owned));
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
        if let Some(path) = &self.manifests {
            let found = images::of_manifests(path).map_err(Ended::failed)?;
            if found.is_empty() {
                notes.push(format!(
                    "{} holds no image, so nothing of it is compared; --manifests reads the fields `image` of YAML and JSON",
                    display_name(path)
                ));
            }
            given.extend(found);
        }
        Ok(given)
    }

    fn input(&self) -> Result<Input, Ended> {
        if let Some(prefix) = &self.image_prefix {
            return Ok(Input::of_prefix(prefix, "--image-prefix"));
        }
        let file = match &self.file {
            Some(file) => file.as_path(),
            None => {
                if let Some(prefix) = of_environment() {
                    return Ok(Input::of_prefix(&prefix, "the variable IMAGE_PREFIX"));
                }
                let is_taken = self
                    .images
                    .iter()
                    .chain(&self.manifests)
                    .any(|path| path.as_os_str() == STDIN);
                if io::stdin().is_terminal() || is_taken {
                    return Err(Ended::Misuse(
                        "name a map, - for stdin, or --image-prefix".to_owned(),
                    ));
                }
                Path::new(STDIN)
            }
        };
        Input::of_text(&display_name(file), read(file)?).map_err(Ended::failed)
    }
}

fn read(file: &Path) -> Result<String, Ended> {
    read_once(file, MAX_INPUT).map_err(Ended::failed)
}

/// Writes a file; over another only where that is wanted.
fn save(file: &Path, text: &str, force: bool) -> Result<(), Ended> {
    let replace = if force {
        Replace::Anything
    } else {
        Replace::Nothing
    };
    write(file, text, replace).map_err(|error| match error.reason {
        WriteReason::Exists => Ended::failed(format_args!(
            "{} is there already, and stays as it is; --force writes over it",
            file.display()
        )),
        _ => Ended::failed(error),
    })
}

/// The prefix that imageswap-webhook would take in this environment.
fn of_environment() -> Option<String> {
    let is_other = |mode: String| !mode.is_empty() && !mode.eq_ignore_ascii_case("LEGACY");
    if std::env::var("IMAGESWAP_MODE").is_ok_and(is_other) {
        return None;
    }
    std::env::var("IMAGE_PREFIX").ok()
}

/// A reader that has gone away is no error.
fn unless_closed(written: io::Result<()>) -> Result<(), Ended> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Ended::Failed(format!("cannot write the result: {error}")))
        }
        _ => Ok(()),
    }
}

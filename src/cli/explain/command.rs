//! Options of `imageswap explain`, and its run.

use std::io::{self, BufRead as _};
use std::path::{Path, PathBuf};

use clap::Args;
use imageswap_engine::admission::{Caller, ExplainedImage, ReviewError, explain};
use imageswap_engine::compile::{Constants, Preview};
use imageswap_engine::context::{Context, ValueOrigin};
use imageswap_engine::rules::{RuleId, Scope};
use imageswap_files::{ImageField, MAX_INPUT, STDIN, display_name as file_name, read_once};
use serde_json::Value;

use super::context::{self, ContextOptions};
use super::show::ExplanationWriter;
use crate::cli::error::CommandError;
use crate::cli::exit::{Ended, Statuses, UsageError};
use crate::cli::input::{
    LabelOption, LimitOptions, NamedFields, name_of, read_objects, read_set, review_of, rules_named,
};
use crate::cli::output::{Output, OutputOptions};
use crate::findings::{Counts, counted};

/// Exit statuses of the command.
pub(crate) const STATUSES: Statuses = Statuses {
    success: "shown",
    failure: Some("the rules do not load"),
};

/// Show which rules decide an image, and why, step by step.
///
/// Shows each rule that the engine examines, round by round, with the same code that the webhook uses. The options below
/// `Context` set the object and the request that the image belongs to. Values that you do not set have the defaults of a
/// `test`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  imageswap explain --rules rules/ nginx:1.25
      Show the result for an image, and the rules that decide it.
  imageswap explain --rules rules/ --namespace prod-eu --label team=core nginx
      Show it for a Pod in a namespace and with a label.
  kubectl get pods -A -o yaml | imageswap explain --rules rules/ --manifest -
      Show it for all images that run in a cluster.
  imageswap explain --rules rules/ --format json - < images.txt
      Explain a list of images, one per line, and write an object for each.
  imageswap explain --rules rules/ --review review.json
      Explain the images of a recorded admission review.
  imageswap explain --rules rules/ --rule dockerhub '{hub}/x:1' nginx:1.25
      Show why one rule matches two images or not. {hub} is a constant of the rules.")]
pub(crate) struct Explain {
    /// Rules file, directory of rules files, map, Kubernetes YAML with ConfigMaps, or - for stdin (repeatable)
    #[arg(long, value_name = "PATH", required = true)]
    rules: Vec<PathBuf>,
    /// Images, in which {NAME} stands for a constant of the rules; - reads images from stdin, one per line
    #[arg(value_name = "IMAGE")]
    images: Vec<String>,
    /// Admission review in JSON whose images to explain; - for stdin
    #[arg(
        long, value_name = "FILE", conflicts_with_all = ["images"],
        conflicts_with_all = context::options_of([ValueOrigin::Request, ValueOrigin::Object])
    )]
    review: Option<PathBuf>,
    /// Manifests in YAML or JSON, including lists, whose images to explain; - for stdin
    #[arg(
        long, value_name = "FILE", conflicts_with_all = ["images", "review"],
        conflicts_with_all = context::options_of([ValueOrigin::Object])
    )]
    manifest: Option<PathBuf>,
    /// Additional field with an image: KIND.GROUP:PATH, or :PATH for every kind (repeatable)
    #[arg(
        long = "image-field", value_name = "FIELD", requires = "manifest", conflicts_with_all = ["images", "review"]
    )]
    image_fields: Vec<ImageField>,
    /// Show each rule above the one that decides, including rules for other images and namespaces
    #[arg(long)]
    all: bool,
    /// Rule to examine, and no other: its name, or FILE:LINE if it has none (repeatable)
    #[arg(long = "rule", value_name = "NAME", conflicts_with = "all")]
    only: Vec<String>,
    #[command(flatten)]
    output: OutputOptions,
    #[command(flatten)]
    context: ContextOptions,
    #[command(flatten, next_help_heading = "Context")]
    label: LabelOption,
    #[command(flatten)]
    limits: LimitOptions,
}

impl Explain {
    pub(crate) fn run(self) -> Result<Ended, CommandError> {
        let mut output = Output::new(self.output);
        if self.images.is_empty() && self.review.is_none() && self.manifest.is_none() {
            return Err(UsageError::NoImages.into());
        }
        let files = self.rules.iter().chain(&self.review).chain(&self.manifest);
        let stdin_count = files.filter(|path| path.as_os_str() == STDIN).count()
            + self.images.iter().filter(|image| *image == STDIN).count();
        if stdin_count > 1 {
            return Err(UsageError::StdinShared.into());
        }
        let Some(loaded) = read_set(self.rules.clone(), self.limits, &mut output)? else {
            return output.end(Ended::Unreadable);
        };
        let Some(set) = loaded.preview() else {
            output.findings(&loaded.findings, &loaded.sources)?;
            output.say(&format!(
                "the set does not load: {}",
                Counts::new(&loaded.findings)
            ))?;
            return output.end(Ended::Findings);
        };
        if !loaded.loads() {
            let counts = Counts::new(&loaded.findings);
            output.say(&format!(
                "notice: the set does not load ({counts}; run `imageswap check`), so this is a preview"
            ))?;
        }
        let only = rules_named(&set, &self.only)?;
        let scope = self.scope(&only);
        let mut shown = ExplanationWriter {
            output: &mut output,
            set: set.compiled(),
            sources: &loaded.sources,
            lacks_rules: false,
        };
        if let Some(file) = &self.review {
            let body = read_once(file, MAX_INPUT)?;
            self.explain_review(&mut shown, set, body.as_bytes(), file, scope)?;
        } else if let Some(file) = &self.manifest {
            self.explain_manifests(&mut shown, set, file, scope)?;
        } else {
            self.explain_images(&mut shown, set, loaded.constants(), scope)?;
        }
        if shown.lacks_rules && scope == Scope::Found && set.rules().next().is_some() {
            output.say(
                "notice: use --all to see every rule, including rules for other images and namespaces, and why it does not \
                 match",
            )?;
        }
        output.end(Ended::Clean)
    }

    fn scope<'r>(&self, only: &'r [RuleId]) -> Scope<'r> {
        match only {
            [] if self.all => Scope::Every,
            [] => Scope::Found,
            only => Scope::Only(only),
        }
    }

    fn explain_images(
        &self,
        shown: &mut ExplanationWriter<'_, '_>,
        set: Preview<'_>,
        constants: &Constants,
        scope: Scope<'_>,
    ) -> Result<(), CommandError> {
        let context = self.context.setting.context();
        let images = self
            .images
            .iter()
            .map(|image| constants.put_into(image).map_err(UsageError::Constant))
            .collect::<Result<Vec<_>, _>>()?;
        for image in &images {
            if image != STDIN {
                shown.image(image, &set.explain(image, &context, scope))?;
                continue;
            }
            for (number, line) in (1..).zip(io::stdin().lock().split(b'\n')) {
                let line = line.map_err(CommandError::Stdin)?;
                let line = str::from_utf8(&line).map_err(|_| CommandError::StdinNotUtf8 { line: number })?;
                let line = line.trim();
                if !line.is_empty() && !line.starts_with('#') {
                    let image = constants
                        .put_into(line)
                        .map_err(|error| CommandError::StdinConstant { line: number, error })?;
                    shown.image(&image, &set.explain(&image, &context, scope))?;
                }
                if shown.output.is_closed() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn explain_review(
        &self,
        shown: &mut ExplanationWriter<'_, '_>,
        set: Preview<'_>,
        body: &[u8],
        file: &Path,
        scope: Scope<'_>,
    ) -> Result<(), CommandError> {
        let images = self
            .images_of(set, body, scope)
            .map_err(|error| CommandError::Review {
                file: file_name(file),
                error,
            })?;
        if images.is_empty() {
            shown
                .output
                .say("the review has no images that the webhook evaluates")?;
        }
        let name = serde_json::from_slice::<Value>(body)
            .map(|review| name_of(&review["request"]["object"]))
            .unwrap_or_default();
        images.iter().try_for_each(|image| shown.field(&name, image))
    }

    /// Explains each object as an API server would send it on creation.
    fn explain_manifests(
        &self,
        shown: &mut ExplanationWriter<'_, '_>,
        set: Preview<'_>,
        file: &Path,
        scope: Scope<'_>,
    ) -> Result<(), CommandError> {
        let objects = read_objects(file)?;
        let defaults = self.context.setting.context();
        let mut named = NamedFields::new(&self.image_fields);
        let mut count = 0;
        for object in &objects {
            let review = review_of(object, &self.context.setting);
            let images = self
                .images_of(set, review.to_string().as_bytes(), scope)
                .map_err(|error| CommandError::Object {
                    file: file_name(file),
                    error,
                })?;
            let name = name_of(object);
            for image in &images {
                count += 1;
                shown.field(&name, image)?;
            }
            let context = Context {
                namespace: object["metadata"]["namespace"].as_str().or(defaults.namespace),
                ..defaults
            };
            for field in named.images(object) {
                count += 1;
                shown.named_field(&name, &field, &set.explain(&field.image, &context, scope))?;
            }
        }
        for notice in named.notices() {
            shown.output.say(&format!("notice: {notice}"))?;
        }
        if count == 0 {
            shown.output.say(&format!(
                "{} has {}, but no images; only Pods and objects with a Pod template have images",
                file_name(file),
                counted(objects.len(), "object")
            ))?;
        }
        Ok(())
    }

    fn images_of<'s>(
        &self,
        rules: Preview<'s>,
        body: &[u8],
        scope: Scope<'_>,
    ) -> Result<Vec<ExplainedImage<'s>>, ReviewError> {
        let caller = Caller {
            entry: self.context.setting.context().hook,
            ..Caller::default()
        };
        explain(body, rules, &self.label.disable_label, &caller, scope)
    }
}

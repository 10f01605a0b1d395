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
use crate::cli::report::Counts;
use crate::cli::words::counted;

/// Exit statuses of the command.
pub(crate) const STATUSES: Statuses = Statuses {
    success: "shown",
    failure: Some("the rules do not load"),
};

/// Show which rule decides an image, and why: every rule that is looked at, round by round.
///
/// It is the same code that decides in the webhook, with somebody looking on. What the object is said to have is set by
/// the words of the language; what is not set has the defaults of a `test`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  imageswap explain --rules rules/ nginx:1.25
      What becomes of an image, and by which rules.
  imageswap explain --rules rules/ --namespace prod-eu --label team=core nginx
      The same in a certain namespace, for a Pod with a label.
  kubectl get pods -A -o yaml | imageswap explain --rules rules/ --manifest -
      What becomes of everything that runs in a cluster.
  imageswap explain --rules rules/ --format json - < images.txt
      Many images, one a line; an object for each.
  imageswap explain --rules rules/ --review review.json
      The images of a recorded admission review.
  imageswap explain --rules rules/ --rule dockerhub '{hub}/x:1' nginx:1.25
      What one rule says of two images. {hub} is a constant of the rules.")]
pub(crate) struct Explain {
    /// A file or a directory of rules, an old map, Kubernetes YAML with ConfigMaps, or - for stdin; again for more
    #[arg(long, value_name = "PATH", required = true)]
    rules: Vec<PathBuf>,
    /// Images, which may hold constants of the rules, as {NAME}; - reads them from stdin, one a line
    #[arg(value_name = "IMAGE")]
    images: Vec<String>,
    /// The images of an admission review in JSON; - for stdin
    #[arg(
        long, value_name = "FILE", conflicts_with_all = ["images"],
        conflicts_with_all = context::options_of([ValueOrigin::Request, ValueOrigin::Object])
    )]
    review: Option<PathBuf>,
    /// The images of manifests in YAML or JSON, lists included; - for stdin
    #[arg(
        long, value_name = "FILE", conflicts_with_all = ["images", "review"],
        conflicts_with_all = context::options_of([ValueOrigin::Object])
    )]
    manifest: Option<PathBuf>,
    /// Explain the image in this field too: KIND.GROUP:PATH, or :PATH for every kind (repeatable)
    #[arg(
        long = "image-field", value_name = "FIELD", requires = "manifest", conflicts_with_all = ["images", "review"]
    )]
    image_fields: Vec<ImageField>,
    /// Show each rule above the one that decides, those too that are for other images or another namespace
    #[arg(long)]
    all: bool,
    /// Show what this rule says, and no other; its name, or FILE:LINE where it has none. Again for more
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
        let of_stdin = files.filter(|path| path.as_os_str() == STDIN).count()
            + self.images.iter().filter(|image| *image == STDIN).count();
        if of_stdin > 1 {
            return Err(UsageError::StdinShared.into());
        }
        let Some(loaded) = read_set(self.rules.clone(), self.limits, &mut output)? else {
            return output.end(Ended::Unreadable);
        };
        let Some(set) = loaded.preview() else {
            output.findings(&loaded.findings, &loaded.sources)?;
            output.say(&format!(
                "the rules do not load: {}",
                Counts::new(&loaded.findings)
            ))?;
            return output.end(Ended::Findings);
        };
        if !loaded.loads() {
            let counts = Counts::new(&loaded.findings);
            output.say(&format!(
                "notice: this set does not load ({counts}; see `imageswap check`); this is what it would do"
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
            output.say("notice: --all shows every rule, those for other images and namespaces too, and why it does not match")?;
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
                .say("the review holds no image that would be looked at")?;
        }
        let name = serde_json::from_slice::<Value>(body)
            .map(|review| name_of(&review["request"]["object"]))
            .unwrap_or_default();
        images.iter().try_for_each(|image| shown.field(&name, image))
    }

    /// Each object as an API server would send it when it is created.
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
                "{} holds {} and no image: Pods have some, and what has a Pod template",
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
        };
        explain(body, rules, &self.label.disable_label, &caller, scope)
    }
}

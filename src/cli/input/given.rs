//! Given images to compare: in a list, or in manifests.

use std::path::PathBuf;

use clap::Args;
use imageswap_engine::admission::{Caller, ReviewError, cases};
use imageswap_engine::context::{Case, Setting, Subject};
use imageswap_files::{ImageField, MAX_INPUT, display_name, listed_images, manifests, read_once};
use serde_json::Value;

use super::label::LabelOption;
use super::manifest::{NamedFields, read_objects};
use super::object::{name_of, name_of_field, review_of};
use crate::cli::error::CommandError;

/// A given image.
pub(crate) struct Given {
    pub(crate) case: Case,
    /// Object and field of the image: `Pod shop/web, container web`.
    pub(crate) of: Option<String>,
}

/// Images that the user gives in addition to the sample images.
#[derive(Args, Debug)]
pub(crate) struct GivenOptions {
    /// List of images to compare too, one per line; - for stdin
    #[arg(long, value_name = "FILE")]
    pub(crate) images: Option<PathBuf>,
    /// File or directory of manifests (YAML or JSON, including lists) whose images to compare too; - for stdin
    #[arg(long, value_name = "PATH")]
    pub(crate) manifests: Option<PathBuf>,
    /// Additional field with an image: KIND.GROUP:PATH, or :PATH for every kind (repeatable)
    #[arg(long = "image-field", value_name = "FIELD", requires = "manifests")]
    image_fields: Vec<ImageField>,
    #[command(flatten)]
    label: LabelOption,
}

impl GivenOptions {
    /// Returns the paths, of which at most one may be stdin.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.images.iter().chain(&self.manifests)
    }

    /// Reads the list of images.
    pub(crate) fn read_list(&self) -> Result<Vec<Given>, CommandError> {
        let Some(file) = &self.images else {
            return Ok(Vec::new());
        };
        let text = read_once(file, MAX_INPUT)?;
        let given = listed_images(&text).map(|image| Given {
            case: Case {
                image: image.to_owned(),
                setting: Setting::default(),
            },
            of: None,
        });
        Ok(given.collect())
    }

    /// Reads the images of manifests: those that the webhook evaluates when the objects are created, and those in the
    /// named fields. Omits objects with the break-glass label. Adds a notice for each kind that is skipped.
    pub(crate) fn read_manifests(&self, notices: &mut Vec<String>) -> Result<Vec<Given>, CommandError> {
        let Some(path) = &self.manifests else {
            return Ok(Vec::new());
        };
        let mut fields = NamedFields::new(&self.image_fields);
        let mut given = Vec::new();
        for file in manifests(path)? {
            for object in read_objects(&file)? {
                let images = self.images_of(&object, &mut fields);
                given.extend(images.map_err(|error| CommandError::Object {
                    file: display_name(&file),
                    error,
                })?);
            }
        }
        notices.extend(fields.notices());
        Ok(given)
    }

    fn images_of(&self, object: &Value, fields: &mut NamedFields<'_>) -> Result<Vec<Given>, ReviewError> {
        let review = review_of(object, &Setting::default()).to_string();
        let cases = cases(review.as_bytes(), &self.label.disable_label, &Caller::default())?;
        let name = name_of(object);
        let named = fields.images(object);
        let of_pods = cases.into_iter().map(|case| {
            let context = case.setting.context();
            let of = Some(name_of_field(&name, context.container, context.place));
            Given { case, of }
        });
        let named = named.into_iter().map(|field| Given {
            case: Case {
                image: field.image,
                setting: setting_in_namespace_of(object),
            },
            of: Some(format!("{name}, {}", field.path)),
        });
        Ok(of_pods.chain(named).collect())
    }
}

/// Returns the setting of a Pod that a controller creates for an object.
fn setting_in_namespace_of(object: &Value) -> Setting {
    let mut setting = Setting::default();
    if let Some(namespace) = object["metadata"]["namespace"].as_str() {
        setting.set(Subject::Namespace, None, namespace);
    }
    setting
}

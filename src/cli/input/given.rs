//! Images that are given to be compared: in a list, or in manifests.

use std::path::Path;

use imageswap_engine::admission::{Caller, cases};
use imageswap_engine::context::{Case, Setting, Subject};
use imageswap_files::{MAX_INPUT, display_name, listed_images, manifests, read_once};
use serde_json::Value;

use super::manifest::{NamedFields, read_objects};
use super::object::{name_of, name_of_field, review_of};
use crate::cli::error::CommandError;

/// A given image.
pub(crate) struct Given {
    pub(crate) case: Case,
    /// The object and the field that it is the image of: `Pod shop/web, container web`.
    pub(crate) of: Option<String>,
}

/// Reads a list of images.
pub(crate) fn given_in_list(file: &Path) -> Result<Vec<Given>, CommandError> {
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

/// Reads the images of manifests: those that the webhook evaluates if the objects are created, and those in the named
/// fields. Objects that have the break-glass label are left out.
pub(crate) fn given_in_manifests(
    path: &Path,
    disable_label: &str,
    fields: &mut NamedFields<'_>,
) -> Result<Vec<Given>, CommandError> {
    let mut given = Vec::new();
    for file in manifests(path)? {
        for object in read_objects(&file)? {
            let review = review_of(&object, &Setting::default()).to_string();
            let cases = cases(review.as_bytes(), disable_label, &Caller::default()).map_err(|error| {
                CommandError::Object {
                    file: display_name(&file),
                    error,
                }
            })?;
            let name = name_of(&object);
            let named = fields.images(&object);
            given.extend(cases.into_iter().map(|case| {
                let context = case.setting.context();
                let of = Some(name_of_field(&name, context.container, context.place));
                Given { case, of }
            }));
            given.extend(named.into_iter().map(|field| Given {
                case: Case {
                    image: field.image,
                    setting: setting_in_namespace_of(&object),
                },
                of: Some(format!("{name}, {}", field.path)),
            }));
        }
    }
    Ok(given)
}

/// Returns the setting of a Pod that a controller creates for an object.
fn setting_in_namespace_of(object: &Value) -> Setting {
    let mut setting = Setting::default();
    if let Some(namespace) = object["metadata"]["namespace"].as_str() {
        setting.set(Subject::Namespace, None, namespace);
    }
    setting
}

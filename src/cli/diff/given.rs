//! Images that are given to be compared: in a list, or in manifests.

use std::collections::HashSet;
use std::path::Path;

use imageswap_engine::admission::{Caller, cases};
use imageswap_engine::context::{Case, Setting};
use imageswap_files::{MAX_INPUT, display_name as file_name, listed_images, manifests, objects, read_once};

use crate::cli::error::CommandError;
use crate::cli::input::{name_of, name_of_field, review_of};

/// An image that is there, and is not made from a pattern.
pub(super) struct Given {
    pub(super) case: Case,
    /// What it is the image of: `Pod shop/web, container web`.
    pub(super) of: Option<String>,
}

/// Reads what is given. Objects that have the break-glass label are left out.
pub(super) fn read(
    images: Option<&Path>,
    in_manifests: Option<&Path>,
    disable_label: &str,
) -> Result<Vec<Given>, CommandError> {
    let mut given = Vec::new();
    if let Some(file) = images {
        let text = read_once(file, MAX_INPUT)?;
        for line in listed_images(&text) {
            let case = Case {
                image: line.to_owned(),
                setting: Setting::default(),
            };
            given.push(Given { case, of: None });
        }
    }
    if let Some(path) = in_manifests {
        for file in manifests(path)? {
            read_manifests(&file, disable_label, &mut given)?;
        }
    }
    let mut known = HashSet::new();
    given.retain(|given| known.insert((given.case.clone(), given.of.clone())));
    Ok(given)
}

/// Each object as an API server would send it when it is created.
fn read_manifests(file: &Path, disable_label: &str, given: &mut Vec<Given>) -> Result<(), CommandError> {
    let text = read_once(file, MAX_INPUT)?;
    for object in objects(&text).map_err(|error| CommandError::Yaml {
        file: file_name(file),
        error,
    })? {
        let review = review_of(&object, &Setting::default()).to_string();
        let name = name_of(&object);
        let review = review.as_bytes();
        let cases =
            cases(review, disable_label, &Caller::default()).map_err(|error| CommandError::Object {
                file: file_name(file),
                error,
            })?;
        for case in cases {
            let context = case.setting.context();
            let of = Some(name_of_field(&name, context.container, context.place));
            given.push(Given { case, of });
        }
    }
    Ok(())
}

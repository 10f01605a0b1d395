//! An object of a manifest, outside of a review.

use std::borrow::Cow;

use super::json::{Fields, Json, Malformed};
use super::object::Object;
use super::review::{GroupKind, json_error};

/// An object that names its own kind.
#[derive(Debug, Default)]
struct Manifest<'a> {
    api_version: Option<Cow<'a, str>>,
    kind: Option<Cow<'a, str>>,
    object: Object<'a>,
}

/// Reads an object and its kind. A value of another type is an object of no kind.
///
/// # Errors
///
/// Returns the reason if the text is not valid JSON.
pub(in crate::admission) fn read_object(text: &str) -> Result<(GroupKind<'_>, Object<'_>), String> {
    let mut manifest = Manifest::default();
    let mut json = Json::new(text);
    json.object(&mut manifest)
        .and_then(|_| json.end())
        .map_err(|Malformed| json_error(text))?;
    let kind = GroupKind {
        group: manifest.api_version.map(into_group),
        kind: manifest.kind,
    };
    Ok((kind, manifest.object))
}

/// Returns the group of an API version: `apps` for `apps/v1`, and an empty one for `v1`.
pub(in crate::admission) fn group_of(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

fn into_group(api_version: Cow<'_, str>) -> Cow<'_, str> {
    match api_version {
        Cow::Borrowed(version) => Cow::Borrowed(group_of(version)),
        Cow::Owned(version) => Cow::Owned(group_of(&version).to_owned()),
    }
}

impl<'a> Fields<'a> for Manifest<'a> {
    fn field(&mut self, key: &str, json: &mut Json<'a>) -> Result<(), Malformed> {
        match key {
            "apiVersion" => self.api_version = json.text()?,
            "kind" => self.kind = json.text()?,
            _ => self.object.field(key, json)?,
        }
        Ok(())
    }
}

//! The images of an object that is not part of a review.

use std::fmt;

use super::pod::{JsonPointer, Pod};
use super::read::read_object;
use crate::context::Place;

/// An image of an object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ObjectImage {
    /// The image string of the object.
    pub image: String,
    /// The name of its container, or of its volume.
    pub container: Option<String>,
    /// Its place in the Pod.
    pub place: Place,
    /// The place of its field in the object.
    pub pointer: JsonPointer,
}

/// The error of a text that is not an object in JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidObject(String);

/// Returns the images of an object in JSON: those of a Pod, or of the Pod template of any other kind, in the order in
/// which the webhook evaluates them. Fields without an image are left out, and an object without a Pod has no images.
///
/// # Errors
///
/// Returns an error if the text is not valid JSON. Fields of an unexpected type are ignored.
pub fn images_of(object: &str) -> Result<Vec<ObjectImage>, InvalidObject> {
    let (kind, object) = read_object(object).map_err(InvalidObject)?;
    let Some(pod) = Pod::find(&kind, &object) else {
        return Ok(Vec::new());
    };
    let images = pod.images().filter_map(|field| {
        Some(ObjectImage {
            image: field.image?.clone().into_owned(),
            container: field.container.map(|name| name.clone().into_owned()),
            place: field.place,
            pointer: field.pointer,
        })
    });
    Ok(images.collect())
}

impl fmt::Display for InvalidObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the object is not valid JSON: {}", self.0)
    }
}

impl std::error::Error for InvalidObject {}

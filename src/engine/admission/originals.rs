//! The annotation with the original images of an object: what `--record-originals` adds to the patch.
//!
//! An annotation that the API server rejects would block the object, so this never exceeds its limit, and never changes a
//! value that it did not write.

use super::patch::MissingMaps;
use super::read::{JsonMembers, Metadata, Object};

/// Key of the annotation. Its value is a JSON object from the JSON pointer of each image to the original image.
pub const ORIGINAL_IMAGES: &str = "imageswap.k8s.twr.io/original-images";
/// Maximum length of all keys and values of the annotations of an object, in bytes. The API server rejects more.
const MAX_ANNOTATIONS: usize = 256 << 10;

/// A new value of the annotation.
#[derive(Debug)]
pub(super) struct RecordedOriginals {
    /// Its text; `None` if there is nothing to add, or if the object has a value that others wrote.
    pub(super) value: Option<(MissingMaps, String)>,
    /// Number of original images that are missing in it.
    pub(super) missing: usize,
}

/// Adds original images, each with its pointer, to those that an object has. An entry that exists is kept.
pub(super) fn record<'s>(
    object: &Object<'_>,
    swapped: impl Iterator<Item = (String, &'s str)>,
) -> RecordedOriginals {
    let metadata = &object.metadata;
    let missing_maps = MissingMaps::find(object.has_metadata, metadata.has_annotations);
    let (Some(missing_maps), Some(mut originals)) = (missing_maps, existing(metadata)) else {
        return RecordedOriginals {
            value: None,
            missing: swapped.count(),
        };
    };
    let mut room = MAX_ANNOTATIONS.saturating_sub(length_without(metadata) + originals.to_json().len());
    let (mut is_new, mut missing) = (false, 0);
    for (pointer, image) in swapped {
        if originals.has(&pointer) {
            continue;
        }
        let length = originals.added_length(&pointer, image);
        if length > room {
            missing += 1;
            continue;
        }
        room -= length;
        is_new = true;
        originals.add(pointer, image);
    }
    RecordedOriginals {
        value: is_new.then(|| (missing_maps, originals.to_json())),
        missing,
    }
}

/// Returns the entries of the annotation. `None` if the value is not a JSON object of texts, or if it is so long that the
/// API server rejects the object: its length was not checked yet, and reading it takes memory.
fn existing(metadata: &Metadata<'_>) -> Option<JsonMembers> {
    match metadata.annotation(ORIGINAL_IMAGES) {
        None | Some("") => Some(JsonMembers::default()),
        Some(value) if value.len() > MAX_ANNOTATIONS => None,
        Some(value) => JsonMembers::parse(value),
    }
}

/// Returns the length of all annotations but the value of this one.
fn length_without(metadata: &Metadata<'_>) -> usize {
    let annotations = metadata.annotations.iter();
    let others = annotations.filter(|(key, _)| key != ORIGINAL_IMAGES);
    ORIGINAL_IMAGES.len() + others.map(|(key, value)| key.len() + value.len()).sum::<usize>()
}

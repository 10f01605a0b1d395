//! The JSON patch of an answer (RFC 6902): one operation for each change, at its own pointer.

use std::fmt::Write as _;

use super::json::JsonWriter;
use super::pod::JsonPointer;

/// The operations of a patch, in the order in which they apply.
#[derive(Debug, Default)]
pub(super) struct JsonPatch<'a> {
    operations: Vec<PatchOperation<'a>>,
}

#[derive(Debug)]
enum PatchOperation<'a> {
    ReplaceImage { pointer: JsonPointer, image: &'a str },
    AddPullSecretList { name: &'a str },
    AddPullSecret { name: &'a str },
}

/// Typical length of an operation, in bytes.
const OPERATION: usize = 160;

impl<'a> JsonPatch<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    pub(super) fn replace_image(&mut self, pointer: JsonPointer, image: &'a str) {
        self.operations
            .push(PatchOperation::ReplaceImage { pointer, image });
    }

    /// Adds a pull secret to a Pod, and the list of pull secrets if the Pod has none.
    pub(super) fn add_pull_secret(&mut self, name: &'a str, has_list: bool) {
        self.operations.push(match has_list {
            true => PatchOperation::AddPullSecret { name },
            false => PatchOperation::AddPullSecretList { name },
        });
    }

    /// Returns the patch as JSON.
    pub(super) fn into_json(self) -> Vec<u8> {
        let mut json = JsonWriter::with_capacity(2 + OPERATION * self.operations.len());
        json.raw("[");
        json.separated(&self.operations, |json, operation| operation.write(json));
        json.raw("]");
        json.into_bytes()
    }
}

impl PatchOperation<'_> {
    fn write(&self, json: &mut JsonWriter) {
        match *self {
            Self::ReplaceImage { pointer, image } => {
                // No token of such a pointer needs an escape, either of RFC 6901 or of JSON.
                // Writing to a vector cannot fail.
                let _ = write!(json, "{{\"op\":\"replace\",\"path\":\"{pointer}\",\"value\":");
                json.text(image);
                json.raw("}");
            }
            // `add` replaces a member that exists, so this one is only for a Pod without the list.
            Self::AddPullSecretList { name } => {
                json.raw("{\"op\":\"add\",\"path\":\"/spec/imagePullSecrets\",\"value\":[{\"name\":");
                json.text(name);
                json.raw("}]}");
            }
            // `-` is the position after the last element (RFC 6901).
            Self::AddPullSecret { name } => {
                json.raw("{\"op\":\"add\",\"path\":\"/spec/imagePullSecrets/-\",\"value\":{\"name\":");
                json.text(name);
                json.raw("}}");
            }
        }
    }
}

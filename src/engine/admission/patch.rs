//! The JSON patch of an answer (RFC 6902): one operation for each change, at its own pointer.

use std::fmt::Write as _;

use super::json::JsonWriter;
use super::pod::JsonPointer;
use super::policy::DISABLED;
use super::workload::PodPath;

/// The operations of a patch, in the order in which they apply.
#[derive(Debug, Default)]
pub(super) struct JsonPatch<'a> {
    operations: Vec<PatchOperation<'a>>,
}

#[derive(Debug)]
enum PatchOperation<'a> {
    ReplaceImage {
        pointer: JsonPointer,
        image: &'a str,
    },
    AddPullSecretList {
        name: &'a str,
    },
    AddPullSecret {
        name: &'a str,
    },
    ChangeLabel {
        template: PodPath,
        key: &'a str,
        change: LabelPatch,
    },
}

/// A change of the break-glass label of a pod template.
#[derive(Clone, Copy, Debug)]
pub(super) enum LabelPatch {
    /// Adds `metadata` with the label.
    AddMetadata,
    /// Adds `labels` with the label to `metadata`.
    AddLabels,
    /// Adds the label to `labels`, or replaces its value.
    AddLabel,
    /// Removes the label, which exists.
    RemoveLabel,
}

/// Length of the text that is encoded at once, in bytes: some operations.
const PART: usize = 512;

/// Maximum length of an operation without its image or name, in bytes, if these have no escapes.
const OPERATION: usize = 128;

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

    /// Changes the break-glass label of a pod template.
    pub(super) fn change_label(&mut self, template: PodPath, key: &'a str, change: LabelPatch) {
        self.operations.push(PatchOperation::ChangeLabel {
            template,
            key,
            change,
        });
    }

    /// Returns a length in JSON that the patch does not exceed, unless it has escapes.
    pub(super) fn max_length(&self) -> usize {
        let operations = self.operations.iter();
        2 + operations
            .map(|operation| OPERATION + operation.value().len())
            .sum::<usize>()
    }

    /// Writes the patch in base64, a few operations at a time, so that it is never there as a whole in another form.
    pub(super) fn write_base64(&self, json: &mut JsonWriter) {
        let mut part = JsonWriter::with_capacity(2 * PART);
        part.raw("[");
        for (index, operation) in self.operations.iter().enumerate() {
            if index > 0 {
                part.raw(",");
            }
            operation.write(&mut part);
            if part.len() >= PART {
                json.base64_of_start(&mut part);
            }
        }
        part.raw("]");
        json.base64_of_end(&part);
    }
}

impl PatchOperation<'_> {
    fn value(&self) -> &str {
        match *self {
            Self::ReplaceImage { image, .. } => image,
            Self::AddPullSecretList { name } | Self::AddPullSecret { name } => name,
            Self::ChangeLabel { key, .. } => key,
        }
    }

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
            Self::ChangeLabel {
                template,
                key,
                change,
            } => write_label(json, template.metadata(), key, change),
        }
    }
}

/// Writes the change of a label below `metadata`, a JSON pointer.
fn write_label(json: &mut JsonWriter, metadata: &str, key: &str, change: LabelPatch) {
    json.raw(match change {
        LabelPatch::AddMetadata | LabelPatch::AddLabels | LabelPatch::AddLabel => "{\"op\":\"add\",\"path\":",
        LabelPatch::RemoveLabel => "{\"op\":\"remove\",\"path\":",
    });
    let labels = match change {
        LabelPatch::AddMetadata => String::new(),
        LabelPatch::AddLabels => "/labels".to_owned(),
        // The escapes of RFC 6901. `~` comes first, or it would escape the other escape.
        LabelPatch::AddLabel | LabelPatch::RemoveLabel => {
            format!("/labels/{}", key.replace('~', "~0").replace('/', "~1"))
        }
    };
    json.text(&format!("{metadata}{labels}"));
    let (before, after) = match change {
        LabelPatch::AddMetadata => (",\"value\":{\"labels\":{", "}}}"),
        LabelPatch::AddLabels => (",\"value\":{", "}}"),
        LabelPatch::AddLabel => {
            json.raw(",\"value\":");
            json.text(DISABLED);
            return json.raw("}");
        }
        LabelPatch::RemoveLabel => return json.raw("}"),
    };
    json.raw(before);
    json.text(key);
    json.raw(":");
    json.text(DISABLED);
    json.raw(after);
}

//! The JSON patch of an answer (RFC 6902): one operation for each change, at its own pointer.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::json::JsonWriter;
use super::pod::JsonPointer;
use super::policy::DISABLED;
use super::read::Presence;
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
    SetMember {
        member: MapMember<'a>,
        value: Cow<'a, str>,
        missing: MissingMaps,
    },
    RemoveMember {
        member: MapMember<'a>,
    },
}

/// A label or an annotation.
#[derive(Clone, Copy, Debug)]
struct MapMember<'a> {
    /// JSON pointer of the `metadata` that has the map.
    metadata: &'static str,
    /// Name of the map.
    map: &'static str,
    key: &'a str,
}

/// The maps that an object lacks on the way to a label or an annotation. An operation that needs one would not apply.
#[derive(Clone, Copy, Debug)]
pub(super) enum MissingMaps {
    /// `metadata`, and so its map.
    Metadata,
    /// `labels` or `annotations`.
    Map,
    /// The object has both.
    Neither,
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

    /// Adds the break-glass label to a pod template, or replaces its value.
    pub(super) fn set_label(&mut self, template: PodPath, key: &'a str, missing: MissingMaps) {
        self.operations.push(PatchOperation::SetMember {
            member: MapMember::label(template, key),
            value: DISABLED.into(),
            missing,
        });
    }

    /// Removes the break-glass label of a pod template, which has it.
    pub(super) fn remove_label(&mut self, template: PodPath, key: &'a str) {
        let member = MapMember::label(template, key);
        self.operations.push(PatchOperation::RemoveMember { member });
    }

    /// Adds an annotation to the object, or replaces its value.
    pub(super) fn set_annotation(&mut self, key: &'static str, value: String, missing: MissingMaps) {
        let member = MapMember {
            metadata: PodPath::Object.metadata(),
            map: "annotations",
            key,
        };
        self.operations.push(PatchOperation::SetMember {
            member,
            value: value.into(),
            missing,
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
        match self {
            Self::ReplaceImage { image, .. } => image,
            Self::AddPullSecretList { name } | Self::AddPullSecret { name } => name,
            Self::SetMember { value, .. } => value,
            Self::RemoveMember { member } => member.key,
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
            Self::SetMember {
                ref member,
                ref value,
                missing,
            } => member.write_set(value, missing, json),
            Self::RemoveMember { ref member } => {
                json.raw("{\"op\":\"remove\",\"path\":");
                json.text(&member.pointer());
                json.raw("}");
            }
        }
    }
}

impl<'a> MapMember<'a> {
    fn label(template: PodPath, key: &'a str) -> Self {
        Self {
            metadata: template.metadata(),
            map: "labels",
            key,
        }
    }

    /// Returns the JSON pointer of the member.
    fn pointer(&self) -> String {
        // The escapes of RFC 6901. `~` comes first, or it would escape the other escape.
        let key = self.key.replace('~', "~0").replace('/', "~1");
        format!("{}/{}/{key}", self.metadata, self.map)
    }

    /// Writes an `add`, which creates the missing maps, and replaces a member that exists.
    fn write_set(&self, value: &str, missing: MissingMaps, json: &mut JsonWriter) {
        let Self { metadata, map, key } = *self;
        json.raw("{\"op\":\"add\",\"path\":");
        match missing {
            MissingMaps::Metadata => json.text(metadata),
            MissingMaps::Map => json.text(&format!("{metadata}/{map}")),
            MissingMaps::Neither => json.text(&self.pointer()),
        }
        json.raw(",\"value\":");
        if let MissingMaps::Metadata = missing {
            json.raw("{");
            json.text(map);
            json.raw(":");
        }
        if let MissingMaps::Metadata | MissingMaps::Map = missing {
            json.raw("{");
            json.text(key);
            json.raw(":");
        }
        json.text(value);
        json.raw(match missing {
            MissingMaps::Metadata => "}}}",
            MissingMaps::Map => "}}",
            MissingMaps::Neither => "}",
        });
    }
}

impl MissingMaps {
    /// Returns the missing maps of an object with this `metadata` and this map in it. `None` if one of them is not a map.
    pub(super) fn find(metadata: Presence, map: Presence) -> Option<Self> {
        match (metadata, map) {
            (Presence::Missing, _) => Some(Self::Metadata),
            (Presence::Object, Presence::Missing) => Some(Self::Map),
            (Presence::Object, Presence::Object) => Some(Self::Neither),
            // The API server rejects such an object, with a better message than that of a patch.
            (Presence::OtherType, _) | (Presence::Object, Presence::OtherType) => None,
        }
    }
}

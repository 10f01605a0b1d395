//! The JSON patch of an answer (RFC 6902): only what changes, each at its own pointer.

use serde::{Serialize, Serializer};

use super::pod::JsonPointer;

/// The operations of a patch, in the order in which they apply.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub(super) struct JsonPatch<'a> {
    operations: Vec<PatchOperation<'a>>,
}

#[derive(Debug)]
enum PatchOperation<'a> {
    ReplaceImage { pointer: JsonPointer, image: &'a str },
    AddPullSecretList { name: &'a str },
    AddPullSecret { name: &'a str },
}

impl<'a> JsonPatch<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    pub(super) fn replace_image(&mut self, pointer: JsonPointer, image: &'a str) {
        self.operations
            .push(PatchOperation::ReplaceImage { pointer, image });
    }

    /// Adds a pull secret to a Pod, and the list of them where the Pod has none yet.
    pub(super) fn add_pull_secret(&mut self, name: &'a str, has_list: bool) {
        self.operations.push(match has_list {
            true => PatchOperation::AddPullSecret { name },
            false => PatchOperation::AddPullSecretList { name },
        });
    }
}

#[derive(Serialize)]
struct Operation<'p, V> {
    op: &'static str,
    #[serde(serialize_with = "as_text")]
    path: &'p dyn std::fmt::Display,
    value: V,
}

#[derive(Serialize)]
struct PullSecret<'a> {
    name: &'a str,
}

fn as_text<S: Serializer>(path: &dyn std::fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(path)
}

impl Serialize for PatchOperation<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::ReplaceImage { ref pointer, image } => Operation {
                op: "replace",
                path: pointer,
                value: image,
            }
            .serialize(serializer),
            Self::AddPullSecretList { name } => Operation {
                op: "add",
                path: &"/spec/imagePullSecrets",
                value: [PullSecret { name }],
            }
            .serialize(serializer),
            Self::AddPullSecret { name } => Operation {
                op: "add",
                path: &"/spec/imagePullSecrets/-",
                value: PullSecret { name },
            }
            .serialize(serializer),
        }
    }
}

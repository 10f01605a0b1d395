//! The volumes of a Pod: ConfigMaps and Secrets as files, which follow their objects, and empty directories.

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;
use std::{fs, io};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tempfile::TempDir;

use super::api::Api;
use crate::webhook::Volume;

/// A mounted volume.
pub(super) struct Mounted {
    /// Name of the volume in the Pod.
    pub(super) name: String,
    content: Content,
}

enum Content {
    Object(MountedObject),
    /// An `emptyDir`; also the volume with the token of a service account, which no program of the tests reads.
    Empty(TempDir),
}

/// A mounted ConfigMap or Secret.
struct MountedObject {
    volume: Volume,
    source: Value,
    files: BTreeMap<String, Vec<u8>>,
    group: Option<u32>,
}

impl Mounted {
    /// Mounts the volumes of a Pod. `None` if an object is missing, as a kubelet waits for it.
    pub(super) fn all(api: &Api, pod: &Value) -> Option<Vec<Self>> {
        let volumes = pod["spec"]["volumes"].as_array().into_iter().flatten();
        let group = pod["spec"]["securityContext"]["fsGroup"].as_u64();
        let group = group.and_then(|group| group.try_into().ok());
        let mounted = volumes.map(|source| {
            let content = if ["emptyDir", "projected"]
                .iter()
                .any(|kind| source.get(kind).is_some())
            {
                Content::Empty(empty())
            } else {
                Content::Object(MountedObject::mount(
                    api,
                    &pod["metadata"]["namespace"],
                    source,
                    group,
                )?)
            };
            Some(Self {
                name: source["name"].as_str()?.to_owned(),
                content,
            })
        });
        mounted.collect()
    }

    /// Returns the directory.
    pub(super) fn path(&self) -> &Path {
        match &self.content {
            Content::Object(object) => object.volume.path(),
            Content::Empty(directory) => directory.path(),
        }
    }

    /// Updates the files if the object has changed. Files of a deleted object stay, as with a kubelet.
    pub(super) fn update(&mut self, api: &Api, namespace: &Value) {
        if let Content::Object(object) = &mut self.content
            && let Some(files) = files(api, namespace, &object.source)
            && files != object.files
        {
            object.write(files);
        }
    }
}

/// Creates a directory that each user may write to, as a kubelet does.
fn empty() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
    directory
}

impl MountedObject {
    fn mount(api: &Api, namespace: &Value, source: &Value, group: Option<u32>) -> Option<Self> {
        let files = files(api, namespace, source)?;
        let mut mounted = Self {
            volume: Volume::mount(&[]),
            source: source.clone(),
            files: BTreeMap::new(),
            group,
        };
        mounted.write(files);
        Some(mounted)
    }

    fn write(&mut self, files: BTreeMap<String, Vec<u8>>) {
        let list: Vec<(&str, &[u8])> = files
            .iter()
            .map(|(name, content)| (name.as_str(), content.as_slice()))
            .collect();
        let group = self.group;
        let mode = self.source["secret"]["defaultMode"].as_u64().unwrap_or(0o644);
        let mode = u32::try_from(mode).unwrap();
        self.volume
            .update_with(&list, |directory| own(directory, group, mode).unwrap());
        self.files = files;
    }
}

/// Sets owner and mode as a kubelet does.
fn own(directory: &Path, group: Option<u32>, mode: u32) -> io::Result<()> {
    fs::set_permissions(directory, fs::Permissions::from_mode(0o755))?;
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        chown(&path, Some(0), group)?;
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    }
    Ok(())
}

/// Returns the files of a volume. `None` if it is of another kind, or its object is missing.
fn files(api: &Api, namespace: &Value, source: &Value) -> Option<BTreeMap<String, Vec<u8>>> {
    let (resource, volume, name) = if let Some(map) = source.get("configMap") {
        ("configmaps", map, &map["name"])
    } else {
        let secret = source.get("secret")?;
        ("secrets", secret, &secret["secretName"])
    };
    let path = format!(
        "/api/v1/namespaces/{}/{resource}/{}",
        namespace.as_str()?,
        name.as_str()?
    );
    let response = api.request("GET", &path, &Value::Null).ok()?;
    let object = match response.status {
        200 => response.object,
        404 if volume["optional"] == true => Value::Null,
        _ => return None,
    };
    let mut files = BTreeMap::new();
    for (key, text) in object["data"].as_object().into_iter().flatten() {
        let text = text.as_str()?;
        let content = match resource {
            "secrets" => STANDARD.decode(text).ok()?,
            _ => text.as_bytes().to_vec(),
        };
        files.insert(key.clone(), content);
    }
    let Some(items) = volume["items"].as_array() else {
        return Some(files);
    };
    let item = |item: &Value| {
        let content = files.get(item["key"].as_str()?)?.clone();
        Some((item["path"].as_str()?.to_owned(), content))
    };
    items.iter().map(item).collect()
}

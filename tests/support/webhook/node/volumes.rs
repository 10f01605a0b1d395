//! The volumes of a Pod: files that follow their objects, and empty directories.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use super::api::Api;
use super::files::{Files, files};
use super::token::Token;
use crate::webhook::Volume;

/// A mounted volume.
pub(super) struct Mounted {
    /// Name of the volume in the Pod.
    pub(super) name: String,
    content: Content,
}

enum Content {
    Files(MountedFiles),
    /// An `emptyDir`.
    Empty(TempDir),
}

/// The mounted files of objects.
struct MountedFiles {
    volume: Volume,
    source: Value,
    files: Files,
    group: Option<u32>,
    token: Option<Token>,
}

impl Mounted {
    /// Mounts the volumes of a Pod. `None` if an object is missing, as a kubelet waits for it.
    pub(super) fn all(api: &Api, pod: &Value) -> Option<Vec<Self>> {
        let volumes = pod["spec"]["volumes"].as_array().into_iter().flatten();
        let mounted = volumes.map(|source| {
            let content = if source.get("emptyDir").is_some() {
                Content::Empty(empty())
            } else {
                Content::Files(MountedFiles::mount(api, pod, source)?)
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
            Content::Files(files) => files.volume.path(),
            Content::Empty(directory) => directory.path(),
        }
    }

    /// Updates the files if the object has changed. Files of a deleted object stay, as with a kubelet.
    pub(super) fn update(&mut self, api: &Api, pod: &Value) {
        if let Content::Files(mounted) = &mut self.content
            && let Some(files) = files(api, pod, &mounted.source, &mut mounted.token)
            && files != mounted.files
        {
            mounted.write(files);
        }
    }
}

/// Creates a directory that each user may write to, as a kubelet does.
fn empty() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
    directory
}

impl MountedFiles {
    fn mount(api: &Api, pod: &Value, source: &Value) -> Option<Self> {
        let mut token = None;
        let files = files(api, pod, source, &mut token)?;
        let group = pod["spec"]["securityContext"]["fsGroup"].as_u64();
        let mut mounted = Self {
            volume: Volume::mount(&[]),
            source: source.clone(),
            files: Files::new(),
            group: group.and_then(|group| group.try_into().ok()),
            token,
        };
        mounted.write(files);
        Some(mounted)
    }

    fn write(&mut self, files: Files) {
        let list: Vec<(&str, &[u8])> = files
            .iter()
            .map(|(name, file)| (name.as_str(), file.content.as_slice()))
            .collect();
        let group = self.group;
        self.volume
            .update_with(&list, |directory| own(directory, group, &files).unwrap());
        self.files = files;
    }
}

/// Sets owner and mode as a kubelet does.
fn own(directory: &Path, group: Option<u32>, files: &Files) -> io::Result<()> {
    fs::set_permissions(directory, fs::Permissions::from_mode(0o755))?;
    for (name, file) in files {
        let path = directory.join(name);
        chown(&path, Some(file.user), group)?;
        fs::set_permissions(path, fs::Permissions::from_mode(file.mode))?;
    }
    Ok(())
}

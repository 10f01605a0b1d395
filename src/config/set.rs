//! Texts of a set: files and directories in their order, and the kind of each text.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use imageswap_engine::syntax::rules::is_rules_file;
use imageswap_files::{self as files, STDIN, is_kubernetes, list_directory, read_consistently};

use super::error::ReadError;

/// Maximum length of a rules file, in bytes: that of a ConfigMap.
const MAX_RULES_FILE: u64 = 1 << 20;
/// Maximum length of a map file, in bytes.
const MAX_MAP: u64 = 8 << 20;
/// Directory that `mkfs` creates in a new file system. It does not count as a directory of rules.
const LOST_AND_FOUND: &str = "lost+found";

/// Limits of the files of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Maximum length of a file of any kind, in bytes; `None` for the default of each kind.
    pub(crate) file_size: Option<u64>,
    /// Maximum number of rules.
    pub(crate) rules: usize,
}

/// Text of a set.
#[derive(Debug)]
pub(super) struct Entry {
    /// Name in findings.
    pub(super) name: String,
    /// Label that its rules are named by: the file name without directories.
    pub(super) label: String,
    pub(super) text: String,
    pub(super) is_map: bool,
    /// Value of a ConfigMap that the text comes from, with the index of its YAML in [`Entries::yaml`].
    pub(super) value: Option<(usize, files::Entry)>,
    /// Error of the whole text, which is empty then.
    pub(super) fault: Option<ReadError>,
}

/// Texts of a set.
#[derive(Debug, Default)]
pub(super) struct Entries {
    pub(super) entries: Vec<Entry>,
    /// YAML texts with ConfigMaps, by name.
    pub(super) yaml: Vec<(String, String)>,
    /// Notices about how the texts were found.
    pub(super) notices: Vec<String>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_size: None,
            rules: imageswap_engine::compile::Limits::default().rules,
        }
    }
}

impl Limits {
    /// Returns the limit of a file that may be of either kind, in bytes.
    pub(super) fn any_file(self) -> u64 {
        self.file_size.unwrap_or(MAX_MAP)
    }

    /// Returns the limit of a rules file, in bytes.
    pub(super) fn rules_file(self) -> u64 {
        self.file_size.unwrap_or(MAX_RULES_FILE)
    }
}

/// Number of times that the same paths are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Times {
    Once,
    /// Again after each change.
    Again,
}

/// Reads all paths: directories, files and stdin, and pipes of a shell if they are read only once.
pub(super) fn read(paths: &[PathBuf], limits: Limits, times: Times) -> Result<Entries, ReadError> {
    let directories: Vec<&Path> = paths
        .iter()
        .map(|path| if path.is_dir() { path } else { directory_of(path) })
        .collect();
    // Stdin and pipes can be read only once, so a path that is repeated gets the text of the first read.
    let mut read_before: BTreeMap<&Path, (&Path, String)> = BTreeMap::new();
    for path in paths {
        if read_before.contains_key(path.as_path()) {
            continue;
        }
        if path.as_os_str() == STDIN {
            let text = files::read_once(path, limits.any_file())?;
            read_before.insert(path, (Path::new("stdin"), text));
        } else if times == Times::Once && files::is_pipe_from_shell(path) {
            let text = files::read_once(path, limits.any_file())?;
            read_before.insert(path, (path, text));
        }
    }
    let mut entries = read_consistently(&directories, || -> Result<Entries, ReadError> {
        let mut entries = Entries::default();
        for path in paths {
            if let Some((path, text)) = read_before.get(path.as_path()) {
                let added = entries.add_given(path, text.clone(), limits);
                entries.or_record_fault(path, added)?;
            } else if path.is_dir() {
                entries.add_directory(path, limits)?;
            } else {
                let added = files::read(path, limits.any_file())
                    .map_err(ReadError::from)
                    .and_then(|text| entries.add_given(path, text, limits));
                entries.or_record_fault(path, added)?;
            }
        }
        Ok(entries)
    })?;
    entries.make_labels_unique();
    Ok(entries)
}

/// Returns the directory that a file is in.
pub(super) fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Returns an error for a directory that has directories, but no file of a set. An empty set would keep every image,
/// and the rules are probably one level deeper.
pub(super) fn only_directories_error(
    directory: &Path,
    files: &BTreeMap<OsString, PathBuf>,
) -> Option<ReadError> {
    let mut directories = Vec::new();
    for (name, read_from) in files {
        let shown = name.to_string_lossy();
        if shown.starts_with('.') || shown == LOST_AND_FOUND {
            continue;
        }
        if read_from.is_dir() {
            directories.push(directory.join(name));
        } else if is_set_file(&shown) {
            return None;
        }
    }
    (!directories.is_empty()).then(|| ReadError::OnlyDirectories {
        name: directory.display().to_string(),
        directories,
    })
}

/// Returns true if a file with this name belongs to a set.
pub(super) fn is_set_file(name: &str) -> bool {
    name.ends_with(".rules") || name.ends_with(".conf") || name == "maps"
}

/// Reads one file, which must not be a directory.
pub(super) fn read_file(path: &Path, limits: Limits) -> Result<Entries, ReadError> {
    let mut entries = Entries::default();
    entries.add(path, files::read(path, limits.any_file())?, limits)?;
    Ok(entries)
}

impl Entries {
    /// Adds the files of a directory, in the bytewise order of their names.
    fn add_directory(&mut self, directory: &Path, limits: Limits) -> Result<(), ReadError> {
        let before = self.entries.len();
        let files = list_directory(directory).map_err(|error| ReadError::io(directory, error))?;
        if let Some(error) = only_directories_error(directory, &files) {
            return self.or_record_fault(directory, Err(error));
        }
        for (name, read_from) in files {
            let path = directory.join(&name);
            let name = name.to_string_lossy();
            // Kubelet keeps the generations of a mounted ConfigMap in directories with a leading dot.
            if name.starts_with('.') {
                continue;
            }
            if read_from.is_dir() {
                self.notices
                    .push(format!("{} is ignored: it is a directory", path.display()));
                continue;
            }
            if !is_set_file(&name) {
                self.ignore_path(path.display());
                continue;
            }
            let text = files::read(&read_from, limits.any_file()).map_err(|error| {
                // The name in the directory, and not that in the generation that it links to.
                ReadError::from(files::ReadError::new(path.display().to_string(), error.reason))
            });
            let added = text.and_then(|text| self.add(&path, text, limits));
            self.or_record_fault(&path, added)?;
        }
        self.notice_if_empty(directory, before);
        Ok(())
    }

    /// Adds a notice if the texts that were read since `before` are none.
    pub(super) fn notice_if_empty(&mut self, path: &Path, before: usize) {
        if self.entries.len() == before {
            self.notices.push(format!(
                "{} has no rules: the set is empty and keeps every image",
                path.display()
            ));
        }
    }

    pub(super) fn ignore_path(&mut self, what: impl fmt::Display) {
        self.notices.push(format!(
            "{what} is ignored: the files of a set are *.rules, and one map, *.conf or `maps`"
        ));
    }

    /// Adds a file that was named itself, which may be Kubernetes YAML.
    fn add_given(&mut self, path: &Path, text: String, limits: Limits) -> Result<(), ReadError> {
        if is_kubernetes(path, &text) {
            self.add_config_maps(path, text, limits)
        } else {
            self.add(path, text, limits)
        }
    }

    /// Adds a text. Its first statement decides whether it is rules or a map; a file named `*.rules` is never a map.
    pub(super) fn add(&mut self, path: &Path, text: String, limits: Limits) -> Result<(), ReadError> {
        let name = path.display().to_string();
        let label = path
            .file_name()
            .filter(|_| !files::is_from_shell(path))
            .map_or_else(|| name.clone(), |name| name.to_string_lossy().into_owned());
        let is_map = !label.ends_with(".rules") && is_rules_file(&text).is_none();
        if is_map {
            if let Some(first) = self.entries.iter().find(|entry| entry.is_map) {
                return Err(ReadError::SecondMap {
                    name,
                    first: first.name.clone(),
                });
            }
        } else if u64::try_from(text.len()).is_ok_and(|length| length > limits.rules_file()) {
            return Err(ReadError::too_long(path, limits.rules_file()));
        }
        self.entries.push(Entry {
            name,
            label,
            text,
            is_map,
            value: None,
            fault: None,
        });
        Ok(())
    }

    /// Records the error of a text as a part of the set, so that it is reported with all other findings.
    pub(super) fn or_record_fault(
        &mut self,
        path: &Path,
        added: Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        match added {
            Err(error) if error.fault_of_text().is_some() => {
                let name = path.display().to_string();
                self.entries.push(Entry {
                    label: name.clone(),
                    name,
                    text: String::new(),
                    is_map: false,
                    value: None,
                    fault: Some(error),
                });
                Ok(())
            }
            added => added,
        }
    }

    /// Names the rules of files with the same name by their whole paths. Takes linear time, because a set may have
    /// thousands.
    fn make_labels_unique(&mut self) {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for entry in &self.entries {
            *counts.entry(&entry.label).or_default() += 1;
        }
        let is_shared: Vec<bool> = self
            .entries
            .iter()
            .map(|entry| counts[&*entry.label] > 1)
            .collect();
        for (entry, _) in self
            .entries
            .iter_mut()
            .zip(is_shared)
            .filter(|(_, is_shared)| *is_shared)
        {
            entry.label.clone_from(&entry.name);
        }
    }
}

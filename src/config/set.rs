//! The texts of a set: files and directories, in order, and what each of them is.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use imageswap_engine::syntax::rules::is_rules_file;
use imageswap_files::{self as files, STDIN, is_kubernetes, list_directory, read_consistently};

use super::error::ReadError;

/// The longest rules file, in bytes: what a ConfigMap holds.
const MAX_RULES_FILE: u64 = 1 << 20;
/// The longest map file, in bytes.
const MAX_MAP: u64 = 8 << 20;
/// The directory that a new file system has in it, which nobody has made for rules.
const LOST_AND_FOUND: &str = "lost+found";

/// What the files of a set may hold at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// The bytes of a file of either kind, where it is not what each kind has by itself.
    pub(crate) file_size: Option<u64>,
    /// The rules of a set.
    pub(crate) rules: usize,
}

/// One text of a set.
#[derive(Debug)]
pub(super) struct Entry {
    /// What findings call it.
    pub(super) name: String,
    /// What its rules are called by: the file's own name.
    pub(super) label: String,
    pub(super) text: String,
    pub(super) is_map: bool,
    /// The value of a ConfigMap that it is: the YAML by its place in [`Entries::yaml`].
    pub(super) value: Option<(usize, files::Entry)>,
    /// What is wrong with the text as a whole; then it is empty.
    pub(super) fault: Option<ReadError>,
}

/// The texts of a set.
#[derive(Debug, Default)]
pub(super) struct Entries {
    pub(super) entries: Vec<Entry>,
    /// The texts that ConfigMaps were found in, by their names.
    pub(super) yaml: Vec<(String, String)>,
    /// What is worth knowing of how they were found.
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
    /// The bytes of a file that may turn out to be of either kind.
    pub(super) fn any_file(self) -> u64 {
        self.file_size.unwrap_or(MAX_MAP)
    }

    /// The bytes of a rules file.
    pub(super) fn rules_file(self) -> u64 {
        self.file_size.unwrap_or(MAX_RULES_FILE)
    }
}

/// How often the same paths are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Times {
    Once,
    /// Whenever they change.
    Again,
}

/// Reads all paths: directories, files, and stdin; where they are read once, the pipes of a shell too.
pub(super) fn read(paths: &[PathBuf], limits: Limits, times: Times) -> Result<Entries, ReadError> {
    let folders: Vec<&Path> = paths
        .iter()
        .map(|path| if path.is_dir() { path } else { directory_of(path) })
        .collect();
    // What can be read once only: stdin and pipes.
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
    let mut entries = read_consistently(&folders, || -> Result<Entries, ReadError> {
        let mut entries = Entries::default();
        for path in paths {
            if let Some((path, text)) = read_before.get(path.as_path()) {
                let added = entries.add_given(path, text.clone(), limits);
                entries.or_fault(path, added)?;
            } else if path.is_dir() {
                entries.add_folder(path, limits)?;
            } else {
                let added = files::read(path, limits.any_file())
                    .map_err(ReadError::from)
                    .and_then(|text| entries.add_given(path, text, limits));
                entries.or_fault(path, added)?;
            }
        }
        Ok(entries)
    })?;
    entries.tell_apart();
    Ok(entries)
}

/// Returns the directory that a file is in.
pub(super) fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// What is wrong with a directory in which directories take the place of a set. Nobody means an empty set by that: the
/// rules lie one level deeper.
pub(super) fn only_folders(folder: &Path, files: &BTreeMap<OsString, PathBuf>) -> Option<ReadError> {
    let mut folders = Vec::new();
    for (name, read_from) in files {
        let shown = name.to_string_lossy();
        if shown.starts_with('.') || shown == LOST_AND_FOUND {
            continue;
        }
        if read_from.is_dir() {
            folders.push(folder.join(name));
        } else if is_of_a_set(&shown) {
            return None;
        }
    }
    (!folders.is_empty()).then(|| ReadError::OnlyDirectories {
        name: folder.display().to_string(),
        directories: folders,
    })
}

/// Whether a file of this name is one of a set.
pub(super) fn is_of_a_set(name: &str) -> bool {
    name.ends_with(".rules") || name.ends_with(".conf") || name == "maps"
}

/// Reads one file, which may be no directory.
pub(super) fn read_file(path: &Path, limits: Limits) -> Result<Entries, ReadError> {
    let mut entries = Entries::default();
    entries.add(path, files::read(path, limits.any_file())?, limits)?;
    Ok(entries)
}

impl Entries {
    /// A directory is read in the bytewise order of its file names.
    fn add_folder(&mut self, folder: &Path, limits: Limits) -> Result<(), ReadError> {
        let before = self.entries.len();
        let files = list_directory(folder).map_err(|error| ReadError::io(folder, error))?;
        if let Some(error) = only_folders(folder, &files) {
            return self.or_fault(folder, Err(error));
        }
        for (name, read_from) in files {
            let path = folder.join(&name);
            let name = name.to_string_lossy();
            // A mounted ConfigMap keeps its generations beside its keys.
            if name.starts_with('.') {
                continue;
            }
            if read_from.is_dir() {
                self.notices
                    .push(format!("{} is ignored: it is a directory", path.display()));
                continue;
            }
            if !is_of_a_set(&name) {
                self.leave_alone(path.display());
                continue;
            }
            let text = files::read(&read_from, limits.any_file()).map_err(|error| {
                // By the name in the directory, and not in the generation that it links to.
                ReadError::from(files::ReadError::new(path.display().to_string(), error.reason))
            });
            let added = text.and_then(|text| self.add(&path, text, limits));
            self.or_fault(&path, added)?;
        }
        self.tell_if_empty(folder, before);
        Ok(())
    }

    /// Says so where what was read since has added nothing.
    pub(super) fn tell_if_empty(&mut self, path: &Path, before: usize) {
        if self.entries.len() == before {
            self.notices.push(format!(
                "{} has no rules: the set is empty and keeps every image",
                path.display()
            ));
        }
    }

    pub(super) fn leave_alone(&mut self, what: impl fmt::Display) {
        self.notices.push(format!(
            "{what} is ignored: the files of a set are *.rules, and one map, *.conf or `maps`"
        ));
    }

    /// A file that was given by itself may be Kubernetes YAML.
    fn add_given(&mut self, path: &Path, text: String, limits: Limits) -> Result<(), ReadError> {
        if is_kubernetes(path, &text) {
            self.add_config_maps(path, text, limits)
        } else {
            self.add(path, text, limits)
        }
    }

    /// A text is what its first statement says; a file named `*.rules` is no map.
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

    /// Takes a text that is of no use as a part of the set, so that it is told of with all else that is wrong.
    fn or_fault(&mut self, path: &Path, added: Result<(), ReadError>) -> Result<(), ReadError> {
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

    /// Names the rules of files with the same name by the whole path. In linear time, since a set may have thousands.
    fn tell_apart(&mut self) {
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

//! A set as it would be after a change of a ConfigMap.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use imageswap_engine::admission::ConfigMapFiles;
use imageswap_files::{self as files, ReadReason, to_text};

use super::error::ReadError;
use super::set::{Entries, Limits, is_set_file};
use super::set_texts::{NamedText, SetTexts};
use super::source::RulesSource;
use super::text::RulesText;

#[cfg(test)]
mod tests;

/// A set as it would be after a change of a ConfigMap.
#[derive(Debug)]
pub(crate) struct ChangedSet {
    /// The texts.
    pub(crate) text: RulesText,
    /// The names that findings have for the files of the ConfigMap.
    pub(crate) names: BTreeSet<String>,
    /// True if the active set has no file of the ConfigMap, so that the texts are those of the ConfigMap alone.
    pub(crate) is_alone: bool,
    /// True if files of the active set are among the texts.
    pub(crate) has_others: bool,
}

/// A file of the changed set.
struct ChangedFile<'a> {
    /// Directory that is mounted as a whole; `None` for a file that was named itself.
    directory: Option<PathBuf>,
    /// Name in that directory.
    file_name: String,
    content: FileContent<'a>,
}

enum FileContent<'a> {
    /// The file is not part of the ConfigMap.
    Kept(NamedText<'a>),
    /// A key of the ConfigMap, with its value.
    Key(String, Vec<u8>),
    /// The ConfigMap no longer has the key.
    Removed,
}

impl ChangedSet {
    /// Returns the active set with the files of a ConfigMap replaced, or the ConfigMap alone if the set has none of
    /// them.
    ///
    /// A webhook cannot know which mounted files come from a ConfigMap. A key is taken for the file of its name; if
    /// there is none, for the file that has the text of the key before the change, since a volume can rename a key.
    pub(crate) fn new(
        active: &SetTexts,
        source: &RulesSource,
        old: &ConfigMapFiles,
        new: ConfigMapFiles,
        limits: Limits,
    ) -> Self {
        let mounted: Vec<NamedText<'_>> = active.files().collect();
        let places = places(&mounted, old, &new);
        let is_alone = places.is_empty();
        let mut entries = Entries::default();
        let mut names = BTreeSet::new();
        let mut has_others = false;
        if is_alone {
            for (key, bytes) in new {
                if is_set_file(&key) {
                    entries.add_key(&key, &key, bytes, limits);
                    names.insert(key);
                } else {
                    entries.ignore_path(format_args!("the key {key}"));
                }
            }
        } else {
            for file in changed_files(&mounted, &places, source, new, &mut entries) {
                match file.content {
                    FileContent::Kept(text) => {
                        entries.keep(text, limits);
                        has_others = true;
                    }
                    FileContent::Key(key, bytes) => {
                        entries.add_key(&key, &file.file_name, bytes, limits);
                        names.insert(key);
                    }
                    FileContent::Removed => {}
                }
            }
        }
        Self {
            text: RulesText::from_entries(entries),
            names,
            is_alone,
            has_others,
        }
    }

    /// Returns the set of a ConfigMap alone.
    pub(crate) fn alone(files: ConfigMapFiles, limits: Limits) -> Self {
        let none = SetTexts::Files(Vec::new(), Arc::default());
        Self::new(
            &none,
            &RulesSource::Paths(Vec::new()),
            &ConfigMapFiles::new(),
            files,
            limits,
        )
    }
}

/// Returns the place in the active set of each key that has one.
fn places(mounted: &[NamedText<'_>], old: &ConfigMapFiles, new: &ConfigMapFiles) -> BTreeMap<String, usize> {
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, file) in mounted.iter().enumerate() {
        by_name.entry(file_name(file.name)).or_default().push(place);
    }
    let has_old_text = |key: &str, place: usize| {
        old.get(key)
            .is_some_and(|text| !text.is_empty() && text == mounted[place].text.as_bytes())
    };
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mut places = BTreeMap::new();
    let mut is_taken = HashSet::new();
    for &key in &keys {
        // Several directories can have a file of this name, and the ConfigMap is mounted in one of them.
        let named = by_name.get(key.as_str()).map_or(&[][..], Vec::as_slice);
        let by_text = named.iter().find(|place| has_old_text(key, **place));
        if let Some(&place) = by_text.or(named.first()) {
            places.insert(key.clone(), place);
            is_taken.insert(place);
        }
    }
    for &key in &keys {
        if places.contains_key(key) {
            continue;
        }
        let by_text = (0..mounted.len()).find(|place| has_old_text(key, *place) && !is_taken.contains(place));
        if let Some(place) = by_text {
            places.insert(key.clone(), place);
            is_taken.insert(place);
        }
    }
    places
}

/// Returns the files of the active set with those of the ConfigMap changed, in the order in which they apply.
fn changed_files<'a>(
    mounted: &[NamedText<'a>],
    places: &BTreeMap<String, usize>,
    source: &RulesSource,
    mut new: ConfigMapFiles,
    entries: &mut Entries,
) -> Vec<ChangedFile<'a>> {
    let keys: BTreeMap<usize, &String> = places.iter().map(|(key, place)| (*place, key)).collect();
    let file = |(place, text): (usize, &NamedText<'a>)| ChangedFile {
        directory: mounted_directory(text.name, source),
        file_name: file_name(text.name).to_owned(),
        content: match keys.get(&place) {
            None => FileContent::Kept(*text),
            Some(&key) => match new.remove(key) {
                Some(bytes) => FileContent::Key(key.clone(), bytes),
                None => FileContent::Removed,
            },
        },
    };
    let mut changed: Vec<ChangedFile<'a>> = mounted.iter().enumerate().map(file).collect();
    // A new key becomes a file next to the other files of the ConfigMap.
    let directory = keys
        .keys()
        .find_map(|place| changed.get(*place)?.directory.clone());
    for (key, bytes) in new {
        if !is_set_file(&key) {
            entries.ignore_path(format_args!("the key {key}"));
            continue;
        }
        let is_beside = |file: &ChangedFile<'_>| file.directory.is_some() && file.directory == directory;
        let Some(last) = changed.iter().rposition(is_beside) else {
            // The files of the set are named one by one.
            entries
                .notices
                .push(format!("the key {key} is ignored: it is not a file of the set"));
            continue;
        };
        let next = changed
            .iter()
            .position(|file| is_beside(file) && file.file_name > key);
        let added = ChangedFile {
            directory: directory.clone(),
            file_name: key.clone(),
            content: FileContent::Key(key, bytes),
        };
        changed.insert(next.unwrap_or(last + 1), added);
    }
    changed
}

/// Returns the directory of a file if all its files are part of the set.
fn mounted_directory(name: &str, source: &RulesSource) -> Option<PathBuf> {
    let RulesSource::Paths(paths) = source else {
        return None;
    };
    let directory = Path::new(name).parent()?;
    paths
        .iter()
        .any(|path| path == directory)
        .then(|| directory.to_owned())
}

fn file_name(name: &str) -> &str {
    Path::new(name)
        .file_name()
        .and_then(OsStr::to_str)
        .unwrap_or(name)
}

impl Entries {
    /// Adds a file of the active set, with its label. It is an error if a key has become a map before it.
    fn keep(&mut self, text: NamedText<'_>, limits: Limits) {
        let added = self.add(Path::new(text.name), text.text.to_owned(), limits);
        if added.is_ok()
            && let Some(entry) = self.entries.last_mut()
        {
            text.label.clone_into(&mut entry.label);
        }
        // As for a key: each error is one of the text.
        let _ = self.or_record_fault(Path::new(text.name), added);
    }

    /// Adds a key of a ConfigMap that becomes a file of this name. An error of the text is recorded.
    fn add_key(&mut self, key: &str, file_name: &str, bytes: Vec<u8>, limits: Limits) {
        let limit = limits.any_file();
        let reason = if u64::try_from(bytes.len()).is_ok_and(|length| length > limit) {
            Err(ReadReason::TooLong(limit))
        } else {
            to_text(bytes).map_err(ReadReason::NotText)
        };
        let added = match reason {
            Ok(text) => self.add(Path::new(file_name), text, limits),
            Err(reason) => Err(ReadError::from(files::ReadError::new(key, reason))),
        };
        if added.is_ok()
            && let Some(entry) = self.entries.last_mut()
        {
            key.clone_into(&mut entry.name);
        }
        // Each error is one of the text, since nothing is read from a disk.
        let _ = self.or_record_fault(Path::new(key), added);
    }
}

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
    /// Returns the active set with the files of a ConfigMap replaced, or the ConfigMap alone if the set has none of them.
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

#[cfg(test)]
mod tests {
    use std::fs;

    use imageswap_engine::context::Context;
    use tempfile::TempDir;

    use super::*;
    use crate::config::{Loaded, Processors};

    /// Mounted files with the set that is made of them.
    struct Mounted {
        directory: TempDir,
        source: RulesSource,
        texts: SetTexts,
    }

    fn verified(text: RulesText) -> Loaded {
        text.verify(Limits::default(), Processors::AllButOne)
    }

    fn config_map(keys: &[(&str, &str)]) -> ConfigMapFiles {
        let keys = keys.iter();
        keys.map(|(key, text)| ((*key).to_owned(), text.as_bytes().to_vec()))
            .collect()
    }

    impl Mounted {
        fn new(files: &[(&str, &str)], paths: &[&str]) -> Self {
            let directory = tempfile::tempdir().unwrap();
            for (name, text) in files {
                let path = directory.path().join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            let paths = paths.iter().map(|path| directory.path().join(path)).collect();
            Self::of(directory, RulesSource::Paths(paths))
        }

        fn of(directory: TempDir, source: RulesSource) -> Self {
            let (set, findings, _) = verified(source.read(Limits::default()).unwrap()).into_parts();
            let (_, texts) = set.unwrap_or_else(|| panic!("{findings:?}"));
            Self {
                directory,
                source,
                texts,
            }
        }

        fn change(&self, old: &[(&str, &str)], new: &[(&str, &str)]) -> ChangedSet {
            let new = config_map(new);
            ChangedSet::new(
                &self.texts,
                &self.source,
                &config_map(old),
                new,
                Limits::default(),
            )
        }

        /// Returns the changed set as `NAME=TEXT`, in order, without the directory of the test.
        fn changed(&self, old: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<String> {
            let changed = self.change(old, new);
            assert!(!changed.is_alone);
            let root = format!("{}/", self.directory.path().display());
            let (sources, _) = changed.text.parse();
            let lines = sources.iter().map(|(_, source)| {
                let name = source.name();
                format!("{}={}", name.strip_prefix(&root).unwrap_or(name), source.text())
            });
            lines.collect()
        }
    }

    const A: &str = "rules v1\n# a";
    const B: &str = "rules v1\n# b";
    const C: &str = "rules v1\n# c";
    const D: &str = "rules v1\n# d";

    #[test]
    fn keys_replace_add_and_remove_files_in_their_directory() {
        let mounted = Mounted::new(
            &[
                ("r/10-a.rules", A),
                ("r/30-c.rules", C),
                ("other/20-x.rules", A),
                ("r/40-d.rules", D),
            ],
            &["r", "other"],
        );
        let old = [("10-a.rules", A), ("40-d.rules", D)];
        assert_eq!(
            mounted.changed(
                &old,
                &[
                    ("10-a.rules", B),
                    ("20-b.rules", C),
                    ("50-e.rules", D),
                    ("note", "x")
                ]
            ),
            [
                "10-a.rules=rules v1\n# b",
                "20-b.rules=rules v1\n# c",
                "r/30-c.rules=rules v1\n# c",
                "50-e.rules=rules v1\n# d",
                "other/20-x.rules=rules v1\n# a",
            ]
        );
        let all_new = mounted.changed(&old, &[("20-b.rules", B)]);
        assert_eq!(
            all_new[..2],
            ["20-b.rules=rules v1\n# b", "r/30-c.rules=rules v1\n# c"]
        );
        let none = mounted.change(&old, &[]);
        assert_eq!(none.names, BTreeSet::new());
    }

    #[test]
    fn config_map_without_a_mounted_file_is_alone() {
        let mounted = Mounted::new(
            &[("r/10-a.rules", "rules v1\nswap quay.io/ -> h.io/ as quay\n")],
            &["r"],
        );
        let changed = mounted.change(
            &[],
            &[
                ("b.rules", "rules v1\nswap gcr.io/ -> h.io/ as quay\n"),
                ("x", ""),
            ],
        );
        assert!(changed.is_alone);
        assert_eq!(changed.names, BTreeSet::from(["b.rules".to_owned()]));
        let loaded = verified(changed.text);
        assert!(loaded.loads(), "{:?}", loaded.findings);
        let [notice] = &loaded.notices[..] else {
            panic!("{:?}", loaded.notices)
        };
        assert!(notice.starts_with("the key x is ignored: "), "{notice}");
    }

    #[test]
    fn file_of_another_name_is_found_by_its_text() {
        let mounted = Mounted::new(
            &[("r/10-a.rules", A), ("map/imageswap-maps.conf", "default::\n")],
            &["r", "map/imageswap-maps.conf"],
        );
        let old = [("maps", "default::\n")];
        let changed = mounted.changed(&old, &[("maps", "default::h.io\n"), ("more.rules", B)]);
        assert_eq!(changed, ["r/10-a.rules=rules v1\n# a", "maps=default::h.io\n"]);
        let unknown = mounted.change(&[("maps", "default::other\n")], &[("maps", "default::h.io\n")]);
        assert!(unknown.is_alone);

        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("imageswap-maps.conf");
        fs::write(&path, "default::\n").unwrap();
        let mounted = Mounted::of(directory, RulesSource::MapFile(path));
        assert!(!mounted.change(&old, &[("maps", "rules v1\nkeep x\n")]).has_others);
        let changed = mounted.changed(&old, &[("maps", "rules v1\nkeep x\n")]);
        assert_eq!(changed, ["maps=rules v1\nkeep x\n"]);
        assert_eq!(mounted.changed(&old, &[]), [""; 0]);
    }

    #[test]
    fn of_two_files_with_the_name_the_one_with_the_old_text_is_meant() {
        let mounted = Mounted::new(&[("one/a.rules", A), ("two/a.rules", B)], &["one", "two"]);
        for (old, expected) in [
            (B, ["one/a.rules=rules v1\n# a", "a.rules=rules v1\n# d"]),
            (A, ["a.rules=rules v1\n# d", "two/a.rules=rules v1\n# b"]),
            // The mount lags behind.
            (C, ["a.rules=rules v1\n# d", "two/a.rules=rules v1\n# b"]),
        ] {
            assert_eq!(mounted.changed(&[("a.rules", old)], &[("a.rules", D)]), expected);
        }
    }

    #[test]
    fn faults_of_values_are_findings_with_the_key() {
        let mounted = Mounted::new(&[("r/a.rules", A), ("r/z.conf", "default::\n")], &["r"]);
        let long = format!("rules v1\n{}", "# comment\n".repeat(1 << 17));
        let cases: [(&str, &[u8], &str); 4] = [
            ("a.rules", b"rules v1\n\xff\n", "a.rules:2:1: error[E0"),
            ("a.rules", b"\xff\xfer\0", "a.rules:1:1: error[E0"),
            ("a.rules", long.as_bytes(), "longer than 1 MiB"),
            (
                "maps",
                b"default::h.io\n",
                "is a second map file in addition to maps",
            ),
        ];
        for (key, bytes, expected) in cases {
            let mut new = config_map(&[("a.rules", A)]);
            new.insert(key.to_owned(), bytes.to_vec());
            let none = ConfigMapFiles::new();
            let changed = ChangedSet::new(&mounted.texts, &mounted.source, &none, new, Limits::default());
            let loaded = verified(changed.text);
            assert!(!loaded.loads());
            let lines: Vec<String> = loaded
                .findings
                .iter()
                .map(|finding| finding.short(&loaded.sources, |_| None))
                .collect();
            assert!(lines.iter().any(|line| line.contains(expected)), "{lines:?}");
        }
    }

    #[test]
    fn changed_set_evaluates_as_the_files_would() {
        let files = [
            ("r/10-a.rules", "rules v1\nkeep quay.io/x\n"),
            ("r/20-b.rules", "rules v1\nswap quay.io/ -> b.io/\n"),
        ];
        let mounted = Mounted::new(&files, &["r"]);
        let changed = mounted.change(&[], &[("20-b.rules", "rules v1\nswap quay.io/ -> c.io/\n")]);
        let loaded = verified(changed.text);
        let rules = loaded.rules().unwrap();
        let swapped = |image| rules.evaluate(image, &Context::default()).into_effect();
        assert_eq!(format!("{:?}", swapped("quay.io/x")), "Keep");
        assert_eq!(format!("{:?}", swapped("quay.io/y")), "Swap(\"c.io/y\")");
    }
}

//! Keys of ConfigMaps as files of a set.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use imageswap_files::{BinaryEntry, Entry, config_maps, to_text};

use super::error::ReadError;
use super::set::{Entries, Limits, is_set_file};

/// Value of a key of a ConfigMap: text, or bytes that may be text.
type Value = Result<Entry, BinaryEntry>;

impl Entries {
    /// Adds each key of the ConfigMaps as a file with that name.
    pub(super) fn add_config_maps(
        &mut self,
        path: &Path,
        text: String,
        limits: Limits,
    ) -> Result<(), ReadError> {
        let name = path.display().to_string();
        let maps = config_maps(&text).map_err(|error| ReadError::Yaml {
            name: name.clone(),
            error,
        })?;
        if maps.is_empty() {
            return Err(ReadError::NoConfigMap { name });
        }
        let before = self.entries.len();
        for map in maps {
            // Ordered by file name, as the kubelet would mount them in one directory.
            let mut values: BTreeMap<Vec<u8>, Value> = BTreeMap::new();
            values.extend(
                map.data
                    .into_iter()
                    .map(|entry| (entry.key.clone().into_bytes(), Ok(entry))),
            );
            values.extend(
                map.binary
                    .into_iter()
                    .map(|entry| (entry.key.clone().into_bytes(), Err(entry))),
            );
            let names: Vec<&str> = [map.namespace.as_deref(), map.name.as_deref()]
                .into_iter()
                .flatten()
                .collect();
            let map_name = names.join("/");
            for value in values.into_values() {
                let key = value
                    .as_ref()
                    .map_or_else(|binary| &binary.key, |entry| &entry.key);
                if !is_set_file(key) {
                    self.ignore_path(format_args!("the key {key} of ConfigMap {map_name}"));
                    continue;
                }
                let value = match value {
                    Ok(entry) => entry,
                    Err(mut binary) => match to_text(std::mem::take(&mut binary.bytes)) {
                        Ok(decoded) => binary.with_text(decoded),
                        Err(why) => {
                            let error = binary.error(&text, why);
                            return Err(ReadError::Yaml { name, error });
                        }
                    },
                };
                let key = PathBuf::from(&value.key);
                self.add(&key, value.text.clone(), limits)?;
                if let Some(entry) = self.entries.last_mut() {
                    entry.value = Some((self.yaml.len(), value));
                }
            }
        }
        self.notice_if_empty(path, before);
        self.yaml.push((name, text));
        Ok(())
    }
}

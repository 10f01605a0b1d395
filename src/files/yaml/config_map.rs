//! ConfigMaps whose texts have their positions in the YAML.

use std::collections::HashSet;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use imageswap_engine::diagnostic::{Piece, SourceId, SourceMap};

use super::place::YamlError;
use super::tree::{NodeId, Tree, Value};
use super::{align, json};

/// ConfigMap.
#[derive(Debug)]
pub struct ConfigMap {
    /// `metadata.namespace`.
    pub namespace: Option<String>,
    /// `metadata.name`.
    pub name: Option<String>,
    /// `metadata.labels`, in the order of the YAML.
    pub labels: Vec<(String, String)>,
    /// `metadata.annotations`, in the order of the YAML.
    pub annotations: Vec<(String, String)>,
    /// Entries of `data`, in the order of the YAML.
    pub data: Vec<Entry>,
    /// Entries of `binaryData`, in the order of the YAML.
    pub binary: Vec<BinaryEntry>,
}

/// Text in a ConfigMap.
#[derive(Debug)]
pub struct Entry {
    /// Name of the file that the text becomes.
    pub key: String,
    /// Content of the file.
    pub text: String,
    /// Positions of the text in the YAML.
    pub(super) pieces: Vec<Piece>,
}

/// Bytes in a ConfigMap, which may be text.
#[derive(Debug)]
pub struct BinaryEntry {
    /// Name of the file that the bytes become.
    pub key: String,
    /// Content of the file.
    pub bytes: Vec<u8>,
    /// Offset of the base64 in the YAML.
    at: usize,
}

impl Entry {
    /// Adds the text as a source. Findings in it are shown in the YAML.
    pub fn add_to(&self, sources: &mut SourceMap, yaml: SourceId) -> SourceId {
        sources.add_embedded(self.key.as_str(), self.text.as_str(), yaml, self.pieces.clone())
    }
}

impl BinaryEntry {
    /// Returns the bytes as a text. Findings in it are shown at the beginning of the base64, which is not readable
    /// itself.
    #[must_use]
    pub fn with_text(self, text: String) -> Entry {
        Entry {
            key: self.key,
            text,
            pieces: align::at(self.at),
        }
    }

    /// Returns the bytes as base64 in one line.
    #[must_use]
    pub fn base64(&self) -> String {
        BASE64_STANDARD.encode(&self.bytes)
    }

    /// Returns an error at the position of the base64.
    #[must_use]
    pub fn error(&self, yaml: &str, why: impl std::fmt::Display) -> YamlError {
        let message = format!("the value of `{}` is not text: {why}", self.key);
        YamlError::new(yaml, self.at, message)
    }
}

/// Returns the ConfigMaps of a text with one or several documents, including those in Lists. Other objects are
/// ignored.
///
/// # Errors
///
/// Returns an error if the text is not YAML, a document is not an object, `data` has a value that is not a string, or
/// `binaryData` has a value that is not base64 or a key of `data`. The API server rejects such ConfigMaps too.
pub fn config_maps(text: &str) -> Result<Vec<ConfigMap>, YamlError> {
    let tree = Tree::read(text)?;
    let mut found = Vec::new();
    for document in &tree.documents {
        if !is_null(&tree, *document) {
            collect(&tree, text, *document, None, &mut found)?;
        }
    }
    Ok(found)
}

fn collect(
    tree: &Tree<'_>,
    text: &str,
    object: NodeId,
    kind: Option<&str>,
    found: &mut Vec<ConfigMap>,
) -> Result<(), YamlError> {
    if !matches!(tree.node(object).value, Value::Mapping(_)) {
        return Err(tree.error(object, "not a Kubernetes object: expected a mapping with `kind`"));
    }
    let own_kind = tree.get(object, "kind").and_then(|kind| tree.text_of(kind));
    let Some(kind) = own_kind.or(kind) else {
        return Ok(());
    };
    if kind == "ConfigMap" {
        found.push(config_map(tree, text, object)?);
    } else if let Some(of) = kind.strip_suffix("List")
        && let Some(items) = tree.get(object, "items")
        && let Value::List(items) = &tree.node(items).value
    {
        for item in items {
            // The items of a ConfigMapList have no kind of their own.
            collect(tree, text, *item, Some(of), found)?;
        }
    }
    Ok(())
}

fn config_map(tree: &Tree<'_>, text: &str, object: NodeId) -> Result<ConfigMap, YamlError> {
    let metadata = tree.get(object, "metadata");
    let of_metadata = |key| {
        let value = tree.get(metadata?, key)?;
        tree.text_of(value).map(str::to_owned)
    };
    let texts_of_metadata = |key| {
        let mapping = metadata.and_then(|metadata| tree.get(metadata, key));
        let pairs = match mapping.map(|mapping| &tree.node(mapping).value) {
            Some(Value::Mapping(pairs)) => pairs.as_slice(),
            _ => &[],
        };
        let text = |id| tree.text_of(id).map(str::to_owned);
        let texts = pairs
            .iter()
            .filter_map(|(key, value)| Some((text(*key)?, text(*value)?)));
        texts.collect()
    };
    let pairs = |field| match tree.get(object, field) {
        Some(data) if !is_null(tree, data) => match &tree.node(data).value {
            Value::Mapping(pairs) => Ok(pairs.as_slice()),
            _ => Err(tree.error(data, format!("`{field}` is not a mapping of keys to strings"))),
        },
        _ => Ok(&[][..]),
    };
    let texts = pairs("data")?.iter();
    let data = texts.map(|(key, value)| entry(tree, text, *key, *value));
    let data: Vec<Entry> = data.collect::<Result<_, _>>()?;
    let keys: HashSet<&str> = data.iter().map(|entry| entry.key.as_str()).collect();
    let binaries = pairs("binaryData")?.iter();
    let binary = binaries.map(|(key, value)| binary_entry(tree, *key, *value, &keys));
    let binary = binary.collect::<Result<_, _>>()?;
    Ok(ConfigMap {
        namespace: of_metadata("namespace"),
        name: of_metadata("name"),
        labels: texts_of_metadata("labels"),
        annotations: texts_of_metadata("annotations"),
        binary,
        data,
    })
}

fn entry(tree: &Tree<'_>, text: &str, key: NodeId, value: NodeId) -> Result<Entry, YamlError> {
    let key = tree.text_of(key).unwrap_or_default().to_owned();
    let node = tree.node(value);
    let (content, pieces) = match &node.value {
        Value::Scalar(_) if is_null(tree, value) => (String::new(), align::at(node.range.start)),
        Value::Scalar(scalar) if json::is_text(scalar) => {
            let pieces = align::align(text, node.range.clone(), scalar);
            (scalar.text.clone().into_owned(), pieces)
        }
        _ => {
            let mut error = tree.error(value, format!("the value of `{key}` is not a string"));
            error.help = Some("put the value in quotes, or write it below `|`");
            return Err(error);
        }
    };
    Ok(Entry {
        key,
        text: content,
        pieces,
    })
}

fn binary_entry(
    tree: &Tree<'_>,
    key: NodeId,
    value: NodeId,
    keys_of_data: &HashSet<&str>,
) -> Result<BinaryEntry, YamlError> {
    let at = key;
    let key = tree.text_of(key).unwrap_or_default().to_owned();
    if keys_of_data.contains(key.as_str()) {
        return Err(tree.error(at, format!("`{key}` is in both `data` and `binaryData`")));
    }
    let text = match &tree.node(value).value {
        Value::Scalar(_) if is_null(tree, value) => "",
        Value::Scalar(scalar) => &scalar.text,
        _ => "-",
    };
    // The API server ignores line breaks in base64 too.
    let base64: String = text.chars().filter(|char| !matches!(char, '\r' | '\n')).collect();
    let bytes = BASE64_STANDARD.decode(base64).map_err(|_| {
        let mut error = tree.error(value, format!("the value of `{key}` is not valid base64"));
        error.help = Some("write plain text in `data`");
        error
    })?;
    Ok(BinaryEntry {
        key,
        bytes,
        at: tree.node(value).range.start,
    })
}

fn is_null(tree: &Tree<'_>, id: NodeId) -> bool {
    matches!(&tree.node(id).value, Value::Scalar(scalar) if json::is_null(scalar))
}

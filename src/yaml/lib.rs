//! Kubernetes YAML and JSON: the ConfigMaps in a text, each of whose texts knows its place in the YAML, and its objects.
#![forbid(unsafe_code)]

mod align;
mod json;
mod objects;
mod place;
#[cfg(test)]
mod tests;
mod tree;

use imageswap_engine::diagnostic::{Piece, SourceId, SourceMap};

pub use self::objects::objects;
pub use self::place::YamlError;
use self::tree::{NodeId, Tree, Value};

/// A ConfigMap.
#[derive(Debug)]
pub struct ConfigMap {
    /// `metadata.namespace`.
    pub namespace: Option<String>,
    /// `metadata.name`.
    pub name: Option<String>,
    /// What is in `data`, in the order of the YAML.
    pub data: Vec<Entry>,
}

/// A text in a ConfigMap.
#[derive(Debug)]
pub struct Entry {
    /// The name of the file that it becomes.
    pub key: String,
    /// What the file holds.
    pub text: String,
    /// Where the text stands in the YAML.
    pieces: Vec<Piece>,
}

impl Entry {
    /// Adds the text to those that findings point into; what is found in it is shown in the YAML.
    pub fn add_to(&self, sources: &mut SourceMap, yaml: SourceId) -> SourceId {
        sources.add_embedded(self.key.as_str(), self.text.as_str(), yaml, self.pieces.clone())
    }
}

/// The ConfigMaps in a text of one or several documents, in Lists too; other objects are passed over.
///
/// # Errors
///
/// Where the text is no YAML, a document is no object, or `data` holds something else than texts.
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
        return Err(tree.error(
            object,
            "no object of Kubernetes: a mapping with `kind` is expected",
        ));
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
            // Those of a ConfigMapList say no kind of their own.
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
    let pairs = match tree.get(object, "data") {
        Some(data) if !is_null(tree, data) => match &tree.node(data).value {
            Value::Mapping(pairs) => pairs.as_slice(),
            _ => return Err(tree.error(data, "`data` is no mapping of names to texts")),
        },
        _ => &[],
    };
    let data = pairs.iter().map(|(key, value)| entry(tree, text, *key, *value));
    Ok(ConfigMap {
        namespace: of_metadata("namespace"),
        name: of_metadata("name"),
        data: data.collect::<Result<_, _>>()?,
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
            let mut error = tree.error(value, format!("the value of `{key}` is no text"));
            error.help = Some("a ConfigMap holds texts only: put it in quotes, or write it below `|`");
            return Err(error);
        }
    };
    Ok(Entry {
        key,
        text: content,
        pieces,
    })
}

fn is_null(tree: &Tree<'_>, id: NodeId) -> bool {
    matches!(&tree.node(id).value, Value::Scalar(scalar) if json::is_null(scalar))
}

//! Kubernetes YAML that holds ConfigMaps: the rules files in them, each with its place in the YAML.

mod align;
mod json;
mod place;
#[cfg(test)]
mod tests;
mod tree;

use imageswap_engine::diagnostic::{Piece, SourceId, SourceMap};

pub(super) use self::json::to_json;
pub(crate) use self::place::YamlError;
pub(super) use self::tree::Tree;
use self::tree::{NodeId, Value};

/// A ConfigMap.
#[derive(Debug)]
pub(crate) struct ConfigMap {
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
    /// What is in `data`, in the order of the YAML.
    pub(crate) data: Vec<Entry>,
}

/// A text in a ConfigMap.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The name of the file that it becomes.
    pub(crate) key: String,
    pub(crate) text: String,
    /// Where the text stands in the YAML.
    pieces: Vec<Piece>,
}

impl Entry {
    /// Adds the text to those that findings point into; what is found in it is shown in the YAML.
    pub(crate) fn add_to(&self, sources: &mut SourceMap, yaml: SourceId) -> SourceId {
        sources.add_embedded(self.key.as_str(), self.text.as_str(), yaml, self.pieces.clone())
    }
}

/// The ConfigMaps in a text of one or several documents, in Lists too; other objects are passed over.
///
/// # Errors
///
/// Where the text is no YAML, a document is no object, or `data` holds something else than texts.
pub(crate) fn config_maps(text: &str) -> Result<Vec<ConfigMap>, YamlError> {
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

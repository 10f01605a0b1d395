//! Manifests: the objects of a text of YAML or JSON.

use serde_json::{Deserializer, Map, Value};

use super::json::to_json;
use super::place::YamlError;
use super::tree::Tree;

/// Returns the objects of a text with one or several documents, as JSON. The items of a List, as `kubectl get` writes
/// it, replace the List.
///
/// # Errors
///
/// Returns an error if the text is neither YAML nor JSON, or has values that are not objects.
pub fn objects(text: &str) -> Result<Vec<Value>, YamlError> {
    let body = text.trim_start_matches('\u{feff}').trim_start();
    if !body.starts_with('{') {
        return from_yaml(text);
    }
    // JSON has escapes that YAML does not have, and may be indented by tabs. So a text like JSON is parsed as JSON
    // first.
    from_json(text, text.len() - body.len()).or_else(|json| match from_yaml(text) {
        // The parser that gets further shows which format was intended.
        Err(yaml) if yaml.offset > json.offset => Err(yaml),
        Err(_) => Err(json),
        objects => objects,
    })
}

fn from_yaml(text: &str) -> Result<Vec<Value>, YamlError> {
    let tree = Tree::read(text)?;
    let mut objects = Vec::new();
    for document in &tree.documents {
        let value = to_json(&tree, *document);
        // A document with comments only is null.
        if !value.is_null() {
            flatten(value, &mut objects).map_err(|why| tree.error(*document, why))?;
        }
    }
    Ok(objects)
}

fn from_json(text: &str, start: usize) -> Result<Vec<Value>, YamlError> {
    let mut objects = Vec::new();
    let mut documents = Deserializer::from_str(&text[start..]).into_iter::<Value>();
    let mut at = start;
    while let Some(document) = documents.next() {
        let value = document.map_err(|error| invalid_json(text, start, &error))?;
        flatten(value, &mut objects).map_err(|why| {
            let blanks = text[at..].len() - text[at..].trim_start().len();
            YamlError::new(text, at + blanks, why)
        })?;
        at = start + documents.byte_offset();
    }
    Ok(objects)
}

/// Adds the objects of a document.
fn flatten(value: Value, objects: &mut Vec<Value>) -> Result<(), String> {
    let Value::Object(mut object) = value else {
        return Err("not a Kubernetes object: expected a mapping with `kind`".to_owned());
    };
    let kind = object.get("kind").and_then(Value::as_str);
    let of = kind.and_then(|kind| kind.strip_suffix("List")).map(str::to_owned);
    match (of, object.remove("items")) {
        (Some(of), Some(Value::Array(items))) => {
            for (index, item) in items.into_iter().enumerate() {
                let item = named(item, &of, &object);
                flatten(item, objects).map_err(|why| match why.strip_prefix("items[") {
                    Some(deeper) => format!("items[{index}].items[{deeper}"),
                    None => format!("items[{index}]: {why}"),
                })?;
            }
        }
        (_, items) => {
            object.extend(items.map(|items| ("items".to_owned(), items)));
            objects.push(Value::Object(object));
        }
    }
    Ok(())
}

/// Returns an item with its kind. The API server omits the kind of the items of a PodList.
fn named(mut item: Value, kind: &str, list: &Map<String, Value>) -> Value {
    if let Value::Object(item) = &mut item
        && !kind.is_empty()
        && !item.contains_key("kind")
    {
        item.insert("kind".to_owned(), kind.into());
        if let Some(version) = list.get("apiVersion") {
            item.entry("apiVersion").or_insert_with(|| version.clone());
        }
    }
    item
}

/// Returns the error of `serde_json`, whose line and column count from `start`.
fn invalid_json(text: &str, start: usize, error: &serde_json::Error) -> YamlError {
    let lines = text[start..].split_inclusive('\n');
    let before: usize = lines.take(error.line().saturating_sub(1)).map(str::len).sum();
    // The columns of `serde_json` count bytes, from 1.
    let offset = start + before + error.column().saturating_sub(1);
    let why = error.to_string();
    let why = why.rsplit_once(" at line ").map_or(why.as_str(), |(why, _)| why);
    YamlError::new(text, offset.min(text.len()), format!("invalid JSON: {why}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(text: &str) -> Vec<String> {
        let objects = objects(text).unwrap();
        let name = |object: &Value| object["metadata"]["name"].to_string().replace('"', "");
        let label = |object: &Value| format!("{} {}", object["kind"].as_str().unwrap(), name(object));
        objects.iter().map(label).collect()
    }

    #[track_caller]
    fn fails(text: &str) -> String {
        objects(text).unwrap_err().to_string()
    }

    const LIST: &str = r#"{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}]}"#;

    #[test]
    fn documents_and_lists_become_objects_in_order() {
        let yaml = "\
# a comment alone
---
kind: Deployment
metadata: {name: web}
---
kind: List
items:
- kind: Pod
  metadata: {name: a}
- kind: List
  items: [{kind: Pod, metadata: {name: b}}]
---
";
        assert_eq!(names(yaml), ["Deployment web", "Pod a", "Pod b"]);
        assert_eq!(names(LIST), ["Pod a", "Pod b"]);
        assert_eq!(objects(LIST).unwrap()[0]["apiVersion"], "v1");
        assert_eq!(objects("").unwrap(), Vec::<Value>::new());
    }

    #[test]
    fn json_may_be_several_documents_with_or_without_a_separator() {
        let text = format!("\u{feff}{LIST}\n{LIST}");
        assert_eq!(names(&text).len(), 4);
        assert_eq!(names(&format!("{LIST}\n---\n{LIST}")).len(), 4);
        assert_eq!(
            names("{\n\t\"kind\": \"Pod\",\n\t\"metadata\": {\"name\": \"\\ud83d\\ude00\"}}"),
            ["Pod \u{1f600}"]
        );
        assert_eq!(names("{kind: Pod, metadata: {name: a}}"), ["Pod a"]);
    }

    #[test]
    fn an_object_of_another_kind_keeps_its_items() {
        let objects = objects("kind: Menu\nitems: [a]\n").unwrap();
        assert_eq!(objects, [json!({"kind": "Menu", "items": ["a"]})]);
    }

    #[test]
    fn scalars_have_the_types_of_the_core_schema() {
        let text = "
- [~, null, '', \"null\", yes, true, 'true', !!str true]
- [0, -1, +2, 007, 0o17, 0x1F, 18446744073709551615, 1.5, 1e3, .5, 1.]
- [.inf, inf, NaN, 1_000, 1.2.3, 0x, 0o8, '-', ., e5, 2001-01-01, 1e999, 10.0.0.0/8]
- {1: a, true: b, ~: c}
";
        let value = &objects(&format!("kind: X\nvalues:{text}")).unwrap()[0]["values"];
        let expected = json!([
            [null, null, "", "null", "yes", true, "true", "true"],
            [0, -1, 2, 7, 15, 31, 18_446_744_073_709_551_615_u64, 1.5, 1000.0, 0.5, 1.0],
            [".inf", "inf", "NaN", "1_000", "1.2.3", "0x", "0o8", "-", ".", "e5", "2001-01-01", "1e999", "10.0.0.0/8"],
            {"1": "a", "true": "b", "~": "c"}
        ]);
        assert_eq!(value, &expected);
    }

    #[test]
    fn what_is_at_fault_is_named_with_its_place() {
        assert_eq!(
            fails("kind: Pod\n---\nnginx:1.25\n"),
            "line 3, column 1: not a Kubernetes object: expected a mapping with `kind`"
        );
        assert!(fails("{\"kind\": \"Pod\"}\n [1]").starts_with("line 2, column 2: not a Kubernetes object"));
        let json = fails("{\"kind\": \"Pod\",\n \"metadata\": {\"näme\": \"a\" \"b\"}}");
        assert_eq!(json, "line 2, column 27: invalid JSON: expected `,` or `}`");
        let nested = fails("kind: List\nitems: [{kind: List, items: [{kind: Pod}, 1]}]");
        assert!(
            nested.contains("items[0].items[1]: not a Kubernetes object"),
            "{nested}"
        );
        assert!(fails("kind: Pod\n\tspec: x\n").contains("invalid YAML"));
    }

    #[test]
    fn hostile_texts_are_rejected() {
        for text in [
            "[".repeat(1 << 20),
            "{\"a\":".repeat(1 << 20),
            "{a: ".repeat(1 << 20),
        ] {
            objects(&text).unwrap_err();
        }
    }
}

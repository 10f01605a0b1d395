//! YAML as JSON, by the core schema of YAML 1.2.

use saphyr_parser::ScalarStyle;
use serde_json::{Number, Value as Json};

use super::tree::{NodeId, Scalar, Tree, Value};

/// Returns a node as JSON. Keys are always strings, whatever their type is.
pub(super) fn to_json(tree: &Tree<'_>, id: NodeId) -> Json {
    match &tree.node(id).value {
        Value::Scalar(scalar) => scalar_to_json(scalar),
        Value::List(items) => items.iter().map(|item| to_json(tree, *item)).collect(),
        Value::Mapping(pairs) => pairs
            .iter()
            .map(|(key, value)| {
                let key = tree.text_of(*key).unwrap_or_default();
                (key.to_owned(), to_json(tree, *value))
            })
            .collect(),
    }
}

pub(super) fn is_null(scalar: &Scalar<'_>) -> bool {
    scalar_to_json(scalar).is_null()
}

pub(super) fn is_text(scalar: &Scalar<'_>) -> bool {
    scalar.style != ScalarStyle::Plain || scalar_to_json(scalar).is_string()
}

fn scalar_to_json(scalar: &Scalar<'_>) -> Json {
    let text = scalar.text.as_ref();
    let is_typed = scalar.style == ScalarStyle::Plain && !scalar.is_text;
    is_typed
        .then(|| typed(text))
        .flatten()
        .unwrap_or_else(|| Json::String(text.to_owned()))
}

/// Returns the value of a plain scalar; `None` if it is a string.
fn typed(text: &str) -> Option<Json> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Some(Json::Null),
        "true" | "True" | "TRUE" => return Some(Json::Bool(true)),
        "false" | "False" | "FALSE" => return Some(Json::Bool(false)),
        _ => {}
    }
    let radix = |prefix, radix| {
        let digits: &str = text.strip_prefix(prefix)?;
        let is_digit = |char: char| char.is_digit(radix);
        let number = digits
            .chars()
            .all(is_digit)
            .then(|| u64::from_str_radix(digits, radix));
        number?.ok().map(Json::from)
    };
    // JSON has neither `inf` nor `nan`, which `parse` would accept as numbers.
    if !text
        .chars()
        .all(|char| matches!(char, '0'..='9' | '.' | 'e' | 'E' | '+' | '-'))
    {
        return radix("0o", 8).or_else(|| radix("0x", 16));
    }
    let whole = text.parse().ok().map(|number: i64| Json::from(number));
    whole
        .or_else(|| text.parse().ok().map(|number: u64| Json::from(number)))
        .or_else(|| Number::from_f64(text.parse().ok()?).map(Json::Number))
}

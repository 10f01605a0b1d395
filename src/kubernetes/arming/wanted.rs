//! The state that a webhook configuration must have, and its comparison with the fields that it has.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::entries::WebhookEntries;
use crate::kubernetes::object::Object;

/// The state that a webhook configuration must have.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Wanted {
    /// The entries, with all fields that have a default and with `caBundle`.
    pub(super) entries: WebhookEntries,
    /// The value of `caBundle`.
    pub(super) bundle: String,
    /// The uid of the Namespace, if it is known.
    pub(super) owner: Option<String>,
}

impl Wanted {
    /// Returns the state with these entries and CA certificates in PEM, for a configuration of this kind.
    pub(super) fn new(entries: &WebhookEntries, bundle: &str, kind: Object, owner: Option<&str>) -> Self {
        let bundle = BASE64_STANDARD.encode(bundle);
        let entries = match entries {
            WebhookEntries::Kept => WebhookEntries::Kept,
            WebhookEntries::Listed(list) => {
                let complete = |entry: &Value| {
                    let mut entry = with_defaults(entry.clone(), kind);
                    entry["clientConfig"]["caBundle"] = bundle.as_str().into();
                    entry
                };
                WebhookEntries::Listed(list.iter().map(complete).collect())
            }
        };
        Self {
            entries,
            bundle,
            owner: owner.map(str::to_owned),
        }
    }

    /// Returns the state with the entries that the configuration has.
    pub(super) fn keeping_entries(&self) -> Self {
        Self {
            entries: WebhookEntries::Kept,
            ..self.clone()
        }
    }

    /// Returns true if the entries are those of the ConfigMap.
    pub(super) const fn is_listed(&self) -> bool {
        matches!(self.entries, WebhookEntries::Listed(_))
    }

    /// Returns the names of the entries of the ConfigMap.
    pub(super) fn names(&self) -> Vec<&str> {
        self.listed()
            .iter()
            .filter_map(|entry| entry["name"].as_str())
            .collect()
    }

    /// Returns the entries of the ConfigMap.
    pub(super) fn listed(&self) -> &[Value] {
        match &self.entries {
            WebhookEntries::Kept => &[],
            WebhookEntries::Listed(list) => list,
        }
    }
}

/// Returns an entry with the defaults of the API server. A field that is not applied could be changed by others.
fn with_defaults(mut entry: Value, kind: Object) -> Value {
    let default = |object: &mut Value, field: &str, value: Value| {
        if object.is_object() && object[field].is_null() {
            object[field] = value;
        }
    };
    default(&mut entry, "failurePolicy", "Fail".into());
    default(&mut entry, "matchPolicy", "Equivalent".into());
    default(&mut entry, "timeoutSeconds", 10.into());
    default(&mut entry, "namespaceSelector", json!({}));
    default(&mut entry, "objectSelector", json!({}));
    default(&mut entry, "matchConditions", json!([]));
    default(&mut entry, "rules", json!([]));
    if kind == Object::Mutating {
        default(&mut entry, "reinvocationPolicy", "Never".into());
    }
    default(&mut entry["clientConfig"]["service"], "port", 443.into());
    default(&mut entry["clientConfig"]["service"], "path", "/".into());
    for rule in entry["rules"].as_array_mut().into_iter().flatten() {
        default(rule, "scope", "*".into());
    }
    entry
}

/// Adds the fields of an entry that differ from those of the wanted one.
pub(super) fn field_differences(actual: &Value, wanted: &Value, all: &mut Vec<String>) {
    let name = wanted["name"].as_str().unwrap_or_default();
    for (field, value) in wanted.as_object().into_iter().flatten() {
        if is_same(field, &actual[field], value) {
            continue;
        }
        let bundle = "caBundle";
        let mut without_bundle = value.clone();
        if field == "clientConfig"
            && let Some(client_config) = without_bundle.as_object_mut()
        {
            client_config.remove(bundle);
        }
        if field == "clientConfig" && is_same(field, &actual[field], &without_bundle) {
            all.push(format!("{name}: {field}.{bundle}"));
        } else {
            all.push(format!("{name}: {field}"));
        }
    }
}

/// Returns true if a field has the wanted value. The API server drops empty lists and mappings. It may add fields to
/// `clientConfig`, but those of rules, selectors and conditions decide what the webhook gets.
fn is_same(field: &str, actual: &Value, wanted: &Value) -> bool {
    match (actual, wanted) {
        (Value::Null, Value::Array(list)) => list.is_empty(),
        (Value::Null, Value::Object(map)) => map.is_empty(),
        (Value::Object(map), Value::Object(wanted)) => {
            let is_wanted = |(name, value): (&String, &Value)| {
                is_same(field, map.get(name).unwrap_or(&Value::Null), value)
            };
            let is_surplus = |name: &String| wanted.get(name).is_none_or(Value::is_null);
            wanted.iter().all(is_wanted) && (field == "clientConfig" || !map.keys().any(is_surplus))
        }
        (Value::Array(list), Value::Array(wanted)) => {
            list.len() == wanted.len() && list.iter().zip(wanted).all(|(a, b)| is_same(field, a, b))
        }
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (a, b) => a == b,
    }
}

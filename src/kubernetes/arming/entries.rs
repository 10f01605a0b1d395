//! The entries of the webhook configurations, as the ConfigMap with the entries has them.

use std::fmt;

use kube::core::DynamicObject;
use serde_json::Value;
use serde_saphyr::Spanned;

use crate::kubernetes::object::Object;
use crate::kubernetes::settings::Names;

/// Maximum bytes of the YAML of one kind. etcd limits the whole ConfigMap to about 1.5 MiB.
const MAX_BYTES: usize = 1 << 20;
/// Maximum number of entries of one kind, far above that of any cluster.
const MAX_ENTRIES: usize = 100;

/// The entries that a webhook configuration must have.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum WebhookEntries {
    /// Those that it has, with the `caBundle` of the webhook.
    Kept,
    /// Exactly these, in addition to the entries of others. They have no `caBundle`.
    Listed(Vec<Value>),
}

/// The reason why a key of the ConfigMap has no valid entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct InvalidEntries {
    config_map: String,
    namespace: String,
    key: &'static str,
    reason: String,
}

impl WebhookEntries {
    /// Reads the entries of a webhook configuration. Without the ConfigMap, or without its key, they are kept.
    ///
    /// # Errors
    ///
    /// Returns the place and the reason if the text is not a YAML list of entries that call the Service.
    pub(super) fn read(
        config_map: Option<&DynamicObject>,
        configuration: Object,
        names: &Names,
    ) -> Result<Self, InvalidEntries> {
        let key = key(configuration);
        let text = config_map.map(|object| &object.data["data"][key]);
        let Some(text) = text.and_then(Value::as_str) else {
            return Ok(Self::Kept);
        };
        let entries = parse(text, names).map_err(|reason| InvalidEntries {
            config_map: names.entries.clone(),
            namespace: names.namespace.clone(),
            key,
            reason,
        })?;
        Ok(Self::Listed(entries))
    }
}

/// Returns the key of the ConfigMap with the entries of a webhook configuration.
pub(super) const fn key(configuration: Object) -> &'static str {
    match configuration {
        Object::Validating => "validating",
        _ => "mutating",
    }
}

/// Returns true if an entry calls the Service of the webhook.
pub(super) fn calls_the_service(entry: &Value, names: &Names) -> bool {
    let service = &entry["clientConfig"]["service"];
    service["name"] == *names.service && service["namespace"] == *names.namespace
}

fn parse(text: &str, names: &Names) -> Result<Vec<Value>, String> {
    if text.len() > MAX_BYTES {
        let bytes = text.len();
        return Err(format!("{bytes} bytes are more than the limit of {MAX_BYTES}"));
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_nodes: 50_000, max_aliases: 1_000, max_depth: 32 },
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::Error,
        with_snippet: false,
    };
    let found: Spanned<Value> = serde_saphyr::from_str_with_options(text, options.clone())
        .map_err(|error| one_line(&error.without_snippet().to_string()))?;
    if !found.value.is_array() {
        return Err("expected a list of entries; to have no entries, write `[]`".to_owned());
    }
    let entries: Vec<Spanned<Value>> = serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| one_line(&error.without_snippet().to_string()))?;
    if entries.len() > MAX_ENTRIES {
        let number = entries.len();
        return Err(format!(
            "{number} entries are more than the limit of {MAX_ENTRIES}"
        ));
    }
    let mut valid: Vec<Value> = Vec::new();
    for Spanned {
        value, referenced, ..
    } in entries
    {
        let place = |reason: String| format!("{reason} (entry at line {})", referenced.line());
        let entry = check(value, names).map_err(place)?;
        if valid.iter().any(|other| other["name"] == entry["name"]) {
            return Err(place(format!("the name {} is repeated", entry["name"])));
        }
        valid.push(entry);
    }
    Ok(valid)
}

/// Returns an entry without its `caBundle`, if it calls the Service: the webhook never writes its CA for a service of
/// others. The API server checks all other fields.
fn check(mut entry: Value, names: &Names) -> Result<Value, String> {
    let Some(name) = entry["name"].as_str().filter(|name| !name.is_empty()) else {
        return Err("expected a mapping with a `name`".to_owned());
    };
    if !calls_the_service(&entry, names) {
        let Names {
            service, namespace, ..
        } = names;
        return Err(format!(
            "the entry `{name}` does not call the Service of the webhook; \
             write `clientConfig: {{service: {{name: {service}, namespace: {namespace}}}}}`"
        ));
    }
    if let Some(client_config) = entry["clientConfig"].as_object_mut() {
        client_config.remove("caBundle");
    }
    Ok(entry)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl fmt::Display for InvalidEntries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            config_map,
            namespace,
            key,
            reason,
        } = self;
        write!(
            f,
            "the key `{key}` of the ConfigMap {config_map} is invalid, so the entries stay as they are: {reason}; \
             correct it by `kubectl edit configmap {config_map} -n {namespace}`"
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kubernetes::settings::of_tests;

    fn read(data: &Value) -> Result<WebhookEntries, String> {
        let object = serde_json::from_value(json!({"metadata": {}, "data": data})).unwrap();
        WebhookEntries::read(Some(&object), Object::Mutating, &of_tests()).map_err(|error| error.to_string())
    }

    fn read_text(text: &str) -> Result<WebhookEntries, String> {
        read(&json!({"mutating": text}))
    }

    #[track_caller]
    fn assert_invalid(text: &str, reason: &str) {
        let error = read_text(text).unwrap_err();
        assert!(error.contains(reason), "{error}");
        assert!(
            error.contains("`mutating` of the ConfigMap imageswap-webhooks") && !error.contains('\n'),
            "{error}"
        );
    }

    const ENTRY: &str = "- name: a.example.com\n  clientConfig:\n    service: {name: imageswap, namespace: imageswap-system, path: /}\n";

    #[test]
    fn entries_are_a_yaml_list() {
        let entry = json!({
            "name": "a.example.com",
            "clientConfig": {"service": {"name": "imageswap", "namespace": "imageswap-system", "path": "/"}},
        });
        assert_eq!(read_text(ENTRY), Ok(WebhookEntries::Listed(vec![entry.clone()])));
        let with_bundle = ENTRY.replace("service:", "caBundle: LS0t\n    service:");
        assert_eq!(read_text(&with_bundle), Ok(WebhookEntries::Listed(vec![entry])));
        assert_eq!(read_text("[]"), Ok(WebhookEntries::Listed(Vec::new())));
    }

    #[test]
    fn entries_are_kept_without_the_key_or_the_config_map() {
        assert_eq!(read(&json!({"validating": "[]"})), Ok(WebhookEntries::Kept));
        assert_eq!(read(&Value::Null), Ok(WebhookEntries::Kept));
        assert_eq!(
            WebhookEntries::read(None, Object::Mutating, &of_tests()),
            Ok(WebhookEntries::Kept)
        );
    }

    #[test]
    fn invalid_yaml_is_reported_with_its_line() {
        assert_invalid("- name: a\n  rules: [\n", "line 2");
        assert_invalid("- name: a\n  name: b\n", "line 2");
    }

    #[test]
    fn text_that_is_not_a_list_is_invalid() {
        for text in ["", "# nothing\n", "null", "name: a\n", "text"] {
            assert_invalid(text, "expected a list of entries; to have no entries, write `[]`");
        }
    }

    #[test]
    fn entry_that_calls_another_service_is_invalid() {
        let foreign = ENTRY.replace("namespace: imageswap-system", "namespace: other");
        assert_invalid(
            &format!("{ENTRY}{}", foreign.replace("a.example", "b.example")),
            "the entry `b.example.com` does not call the Service of the webhook; write `clientConfig: {service: \
             {name: imageswap, namespace: imageswap-system}}` (entry at line 4)",
        );
        assert_invalid(
            "- name: a\n  clientConfig: {url: 'https://example.com'}",
            "(entry at line 1)",
        );
    }

    #[test]
    fn entry_without_a_name_or_with_a_repeated_one_is_invalid() {
        assert_invalid("- a", "expected a mapping with a `name` (entry at line 1)");
        assert_invalid("- {name: ''}", "expected a mapping with a `name`");
        assert_invalid(
            &ENTRY.repeat(2),
            "the name \"a.example.com\" is repeated (entry at line 4)",
        );
    }

    #[test]
    fn size_of_the_text_is_limited() {
        let text = format!("{ENTRY}#{}", "x".repeat(MAX_BYTES));
        assert_invalid(&text, "bytes are more than the limit of 1048576");
        let entries: String = (0..=MAX_ENTRIES)
            .map(|number| ENTRY.replace("a.example", &format!("a{number}")))
            .collect();
        assert_invalid(&entries, "101 entries are more than the limit of 100");
        let mut aliases = "- &a [x]\n".to_owned();
        for (last, this) in ('a'..='k').zip('b'..='l') {
            aliases += &format!("- &{this} [{}]\n", vec![format!("*{last}"); 9].join(", "));
        }
        assert_invalid(&aliases, "imageswap-webhooks");
    }
}

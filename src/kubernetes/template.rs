//! The template of the webhook configuration that the ConfigMap `imageswap-mwc-template` of imageswap-webhook has.

use std::fmt;

use kube::core::DynamicObject;
use serde_json::{Map, Value, json};

use super::object::Object;

/// The text that stands for the CA bundle, in both forms of Python's templates.
const PLACEHOLDERS: [&str; 2] = ["$CA_BUNDLE", "${CA_BUNDLE}"];

/// A webhook configuration whose entries have no `caBundle` yet.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Template {
    /// The name of the configuration.
    pub(super) name: String,
    /// Its labels and annotations, as members of `metadata`.
    metadata: Map<String, Value>,
    entries: Vec<Value>,
}

/// The reason why a template cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TemplateError {
    /// It is not YAML; the message has the place.
    NotYaml(String),
    /// It is another object.
    Kind(String),
    /// It has no name.
    NoName,
    /// It has no list of entries.
    NoEntries,
    /// The entry at this place, from 0, is not a mapping with `clientConfig`.
    NoClient(usize),
}

impl Template {
    /// Parses the text of a template.
    pub(super) fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut object: Value = serde_saphyr::from_str(text).map_err(|error| {
            let first = error.to_string();
            TemplateError::NotYaml(first.lines().next().unwrap_or_default().to_owned())
        })?;
        let kind = object["kind"].as_str().unwrap_or_default();
        if kind != Object::Mutating.kind() {
            return Err(TemplateError::Kind(kind.to_owned()));
        }
        let metadata = &object["metadata"];
        let name = metadata["name"].as_str().ok_or(TemplateError::NoName)?.to_owned();
        let kept = ["labels", "annotations"].into_iter().filter_map(|member| {
            let value = metadata.get(member)?;
            value.is_object().then(|| (member.to_owned(), value.clone()))
        });
        let metadata = kept.collect();
        let Value::Array(entries) = object["webhooks"].take() else {
            return Err(TemplateError::NoEntries);
        };
        if let Some(place) = entries
            .iter()
            .position(|entry| !entry["clientConfig"].is_object())
        {
            return Err(TemplateError::NoClient(place));
        }
        Ok(Self {
            name,
            metadata,
            entries,
        })
    }

    /// Returns the merge patch that gives a configuration the entries and labels of the template, unless it has changed
    /// since it was read.
    pub(super) fn patch(&self, configuration: &Value, found: &DynamicObject) -> Value {
        let mut metadata = self.metadata.clone();
        metadata.insert(
            "resourceVersion".to_owned(),
            found.metadata.resource_version.clone().into(),
        );
        json!({"metadata": metadata, "webhooks": configuration["webhooks"]})
    }

    /// Returns the configuration with the CA bundle, in base64, in each entry that calls a Service, and wherever the
    /// template has its placeholder.
    pub(super) fn with_ca_bundle(&self, bundle: &str) -> Value {
        let mut metadata = self.metadata.clone();
        metadata.insert("name".to_owned(), self.name.clone().into());
        let entries = self.entries.iter().map(|entry| {
            let mut entry = entry.clone();
            let client = &mut entry["clientConfig"];
            let is_placeholder = |bundle: &Value| {
                bundle
                    .as_str()
                    .is_some_and(|text| PLACEHOLDERS.contains(&text.trim()))
            };
            if client["service"].is_object() || is_placeholder(&client["caBundle"]) {
                client["caBundle"] = bundle.into();
            }
            entry
        });
        json!({
            "metadata": metadata,
            "webhooks": entries.collect::<Vec<_>>(),
        })
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotYaml(error) => write!(f, "it is not valid YAML: {error}"),
            Self::Kind(kind) if kind.is_empty() => f.write_str("it is not a MutatingWebhookConfiguration"),
            Self::Kind(kind) => write!(f, "it is a {kind}, not a MutatingWebhookConfiguration"),
            Self::NoName => f.write_str("it has no `metadata.name`"),
            Self::NoClient(place) => write!(f, "`webhooks[{place}]` has no mapping `clientConfig`"),
            Self::NoEntries => f.write_str("it has no list `webhooks`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "\
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: imageswap-webhook, labels: {app: imageswap}, namespace: unused}
webhooks:
- name: imageswap.webhook.k8s.twr.io
  clientConfig:
    service: {name: imageswap, namespace: imageswap-system, path: /}
    caBundle: $CA_BUNDLE
  failurePolicy: Fail
- name: without-bundle
  clientConfig: {service: {name: imageswap, namespace: imageswap-system}}
- name: elsewhere
  clientConfig: {url: 'https://elsewhere.example.com', caBundle: b3RoZXI=}
- name: elsewhere-with-the-bundle
  clientConfig: {url: 'https://elsewhere.example.com', caBundle: '${CA_BUNDLE}'}
";

    #[test]
    fn each_entry_of_a_service_gets_the_bundle() {
        let template = Template::parse(TEMPLATE).unwrap();
        let configuration = template.with_ca_bundle("Y2E=");
        let bundles: Vec<&Value> = configuration["webhooks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| &entry["clientConfig"]["caBundle"])
            .collect();
        assert_eq!(bundles, ["Y2E=", "Y2E=", "b3RoZXI=", "Y2E="]);
        assert_eq!(
            configuration["metadata"],
            json!({"name": "imageswap-webhook", "labels": {"app": "imageswap"}})
        );
        assert_eq!(configuration["webhooks"][0]["failurePolicy"], "Fail");
    }

    #[test]
    fn text_without_a_template_has_a_reason() {
        let error = |text: &str| Template::parse(text).unwrap_err();
        assert!(matches!(error("a: [b"), TemplateError::NotYaml(reason) if reason.contains("line")));
        assert_eq!(error("{}"), TemplateError::Kind(String::new()));
        assert_eq!(error("kind: Pod"), TemplateError::Kind("Pod".to_owned()));
        let kind = "kind: MutatingWebhookConfiguration";
        assert_eq!(error(kind), TemplateError::NoName);
        assert_eq!(
            error(&format!("{kind}\nmetadata: {{name: a}}")),
            TemplateError::NoEntries
        );
        let entry = |entry: &str| format!("{kind}\nmetadata: {{name: a}}\nwebhooks: [{entry}]");
        assert_eq!(error(&entry("text")), TemplateError::NoClient(0));
        assert_eq!(error(&entry("{clientConfig: text}")), TemplateError::NoClient(0));
    }
}

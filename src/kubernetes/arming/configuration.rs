//! The state of a webhook configuration, and the changes that it needs. Nothing here makes a request.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::core::DynamicObject;
use serde_json::{Value, json};

use super::entries::{WebhookEntries, calls_the_service};
use super::wanted::{Wanted, field_differences};
use crate::kubernetes::client::FIELD_MANAGER;
use crate::kubernetes::settings::Names;

/// The annotation of a configuration that stops the webhook from changing it, if its value is `false`.
pub(super) const MANAGED: &str = "imageswap.k8s.twr.io/managed";

/// The annotation of Argo CD on the objects of an Application.
const TRACKED_BY_ARGO_CD: &str = "argocd.argoproj.io/tracking-id";

/// A webhook configuration as the API server has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct WebhookConfiguration<'a> {
    object: &'a DynamicObject,
    names: &'a Names,
}

impl<'a> WebhookConfiguration<'a> {
    pub(super) const fn new(object: &'a DynamicObject, names: &'a Names) -> Self {
        Self { object, names }
    }

    /// Returns true if an entry calls the Service of the webhook.
    pub(super) fn is_armed(self) -> bool {
        self.calls().next().is_some()
    }

    /// Returns false if its annotation stops the webhook from changing it.
    pub(super) fn is_managed(self) -> bool {
        self.managed() != Some("false")
    }

    /// Returns true if the Namespace may be its owner. Argo CD deletes no object that has one, so an entry would be left
    /// without a webhook.
    pub(super) fn may_have_owner(self) -> bool {
        let annotations = self.object.metadata.annotations.as_ref();
        annotations.is_none_or(|annotations| !annotations.contains_key(TRACKED_BY_ARGO_CD))
    }

    /// Returns the value of the annotation if it means nothing, such as `False`.
    pub(super) fn meaningless_annotation(self) -> Option<&'a str> {
        self.managed().filter(|value| !["true", "false"].contains(value))
    }

    fn managed(self) -> Option<&'a str> {
        let annotations = self.object.metadata.annotations.as_ref()?;
        annotations.get(MANAGED).map(String::as_str)
    }

    /// Returns the values of `caBundle` of the entries that call the Service, in PEM.
    pub(super) fn bundles(self) -> BTreeSet<String> {
        let bundle = |entry: &Value| {
            let text = entry["clientConfig"]["caBundle"].as_str().unwrap_or_default();
            let pem = BASE64_STANDARD.decode(text).unwrap_or_default();
            String::from_utf8_lossy(&pem).into_owned()
        };
        self.calls().map(bundle).collect()
    }

    /// Returns the fields that differ from the wanted state, as a user names them.
    pub(super) fn differences(self, wanted: &Wanted) -> Vec<String> {
        let mut all = Vec::new();
        for entry in wanted.listed() {
            match self.entry(&entry["name"]) {
                None => all.push(format!("{} is missing", text(&entry["name"]))),
                Some(actual) => field_differences(actual, entry, &mut all),
            }
        }
        for entry in self.surplus(wanted) {
            let name = text(&entry["name"]);
            if self.is_stale(entry, wanted) {
                all.push(format!("{name} is not in the ConfigMap"));
            } else if self.has_wrong_bundle(entry, wanted) {
                all.push(format!("{name}: clientConfig.caBundle"));
            }
        }
        if let (Some(owner), true) = (&wanted.owner, wanted.is_listed())
            && self.owner() != Some(owner)
        {
            all.push("metadata.ownerReferences".to_owned());
        }
        all
    }

    /// Returns the fields for a server-side apply. `None` if the entries are not those of the ConfigMap.
    ///
    /// They have the uid, so that a deleted configuration is never created again, and the version, so that a change
    /// since it was read is a conflict.
    pub(super) fn applied(self, wanted: &Wanted) -> Option<Value> {
        let WebhookEntries::Listed(entries) = &wanted.entries else {
            return None;
        };
        let mut fields = json!({"metadata": self.version(), "webhooks": entries});
        if let Some(uid) = wanted
            .owner
            .as_deref()
            .or_else(|| self.owner().filter(|_| self.may_have_owner()))
        {
            fields["metadata"]["ownerReferences"] = json!([{
                "apiVersion": "v1", "kind": "Namespace", "name": self.names.namespace, "uid": uid,
            }]);
        }
        Some(fields)
    }

    /// Returns a merge patch with all entries, if a server-side apply cannot do it: it changes no entry of others, and
    /// removes no entry of which others own a field.
    pub(super) fn replaced(self, wanted: &Wanted) -> Option<Value> {
        let needs_it = |entry: &&Value| self.is_stale(entry, wanted) || self.has_wrong_bundle(entry, wanted);
        let has_surplus_conditions = |entry: &&Value| {
            let length = |entry: &Value| entry["matchConditions"].as_array().map_or(0, Vec::len);
            self.entry(&entry["name"])
                .is_some_and(|actual| length(actual) > length(entry))
        };
        // An entry has either a Service or a URL.
        let has_url = |entry: &&Value| {
            let actual = self.entry(&entry["name"]);
            actual.is_some_and(|actual| !actual["clientConfig"]["url"].is_null())
        };
        if !self.surplus(wanted).any(|entry| needs_it(&entry))
            && !wanted
                .listed()
                .iter()
                .any(|entry| has_surplus_conditions(&entry) || has_url(&entry))
        {
            return None;
        }
        let mut entries = Vec::new();
        for entry in self.entries() {
            if let Some(listed) = wanted.listed().iter().find(|listed| has_name(listed, entry)) {
                entries.push(listed.clone());
            } else if !self.is_stale(entry, wanted) {
                let mut entry = entry.clone();
                if calls_the_service(&entry, self.names) {
                    entry["clientConfig"]["caBundle"] = wanted.bundle.as_str().into();
                }
                entries.push(entry);
            }
        }
        Some(json!({"metadata": self.version(), "webhooks": entries}))
    }

    /// Returns a merge patch without the entries that call the Service. `None` if there are none.
    pub(super) fn disarmed(self) -> Option<Value> {
        let others: Vec<&Value> = self
            .entries()
            .iter()
            .filter(|entry| !calls_the_service(entry, self.names))
            .collect();
        self.is_armed()
            .then(|| json!({"metadata": self.version(), "webhooks": others}))
    }

    /// Returns the field manager that changed the configuration after the webhook did. `None` if there is none: a
    /// manager that only removes fields is not recorded.
    pub(super) fn changed_by(self) -> Option<&'a str> {
        let all = self.object.metadata.managed_fields.as_deref().unwrap_or_default();
        let time = |is_own: bool| {
            all.iter()
                .filter(move |fields| (fields.manager.as_deref() == Some(FIELD_MANAGER)) == is_own)
                .max_by_key(|fields| fields.time.as_ref().map(|time| time.0))
        };
        let last = time(false)?;
        let is_later =
            time(true).is_none_or(|own| own.time.as_ref().map(|t| t.0) <= last.time.as_ref().map(|t| t.0));
        last.manager.as_deref().filter(|_| is_later)
    }

    fn entries(self) -> &'a [Value] {
        self.object.data["webhooks"].as_array().map_or(&[], Vec::as_slice)
    }

    fn entry(self, name: &Value) -> Option<&'a Value> {
        self.entries().iter().find(|entry| entry["name"] == *name)
    }

    fn calls(self) -> impl Iterator<Item = &'a Value> {
        self.entries()
            .iter()
            .filter(move |entry| calls_the_service(entry, self.names))
    }

    /// Returns the entries that the ConfigMap does not have.
    fn surplus(self, wanted: &Wanted) -> impl Iterator<Item = &'a Value> {
        self.entries()
            .iter()
            .filter(move |entry| !wanted.listed().iter().any(|listed| has_name(listed, entry)))
    }

    /// Returns true if the webhook has added an entry that the ConfigMap does not have any more.
    fn is_stale(self, entry: &Value, wanted: &Wanted) -> bool {
        if !wanted.is_listed() || wanted.listed().iter().any(|listed| has_name(listed, entry)) {
            return false;
        }
        let key = format!("k:{}", json!({"name": entry["name"]}));
        let all = self.object.metadata.managed_fields.as_deref().unwrap_or_default();
        all.iter()
            .filter(|fields| fields.manager.as_deref() == Some(FIELD_MANAGER))
            .filter_map(|fields| fields.fields_v1.as_ref())
            // Of an entry of others, the webhook owns only `caBundle`.
            .any(|fields| !fields.0["f:webhooks"][&key]["f:name"].is_null())
    }

    fn has_wrong_bundle(self, entry: &Value, wanted: &Wanted) -> bool {
        calls_the_service(entry, self.names) && entry["clientConfig"]["caBundle"] != *wanted.bundle
    }

    /// Returns the uid of the Namespace that owns the configuration.
    fn owner(self) -> Option<&'a str> {
        let owners = self.object.metadata.owner_references.as_deref()?;
        let is_namespace =
            |owner: &&OwnerReference| owner.kind == "Namespace" && owner.name == self.names.namespace;
        Some(&owners.iter().find(is_namespace)?.uid)
    }

    fn version(self) -> Value {
        json!({"uid": self.object.metadata.uid, "resourceVersion": self.object.metadata.resource_version})
    }
}

fn has_name(listed: &Value, entry: &Value) -> bool {
    listed["name"] == entry["name"]
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests;

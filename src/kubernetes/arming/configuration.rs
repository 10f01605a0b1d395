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
mod tests {
    use super::*;
    use crate::kubernetes::object::Object;
    use crate::kubernetes::settings::of_tests;

    const CA: &str = "a certificate";

    fn entry(name: &str) -> Value {
        json!({
            "name": name,
            "clientConfig": {"service": {"name": "imageswap", "namespace": "imageswap-system"}},
            "rules": [{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}],
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
        })
    }

    /// Returns the wanted state of a list of entries.
    fn wanted(names: &[&str]) -> Wanted {
        let list = names.iter().map(|name| entry(name)).collect();
        Wanted::new(
            &WebhookEntries::Listed(list),
            CA,
            Object::Mutating,
            Some("of-the-namespace"),
        )
    }

    /// Returns a configuration with these entries, of which the webhook has added some.
    fn object(entries: &[Value], added: &[&str]) -> DynamicObject {
        let fields = |name: &&str| {
            (
                format!("k:{{\"name\":\"{name}\"}}"),
                json!({".": {}, "f:name": {}}),
            )
        };
        let own: serde_json::Map<String, Value> = added.iter().map(fields).collect();
        let object = json!({
            "metadata": {
                "name": "imageswap-webhook", "uid": "1", "resourceVersion": "7",
                "ownerReferences": [{"apiVersion": "v1", "kind": "Namespace", "name": "imageswap-system",
                    "uid": "of-the-namespace"}],
                "managedFields": [
                    {"manager": "imageswap", "operation": "Apply", "time": "2026-01-01T00:00:00Z",
                        "fieldsV1": {"f:webhooks": own}},
                    {"manager": "kubectl-edit", "operation": "Update", "time": "2026-01-01T00:00:05Z"},
                ],
            },
            "webhooks": entries,
        });
        serde_json::from_value(object).unwrap()
    }

    /// Returns the entries as the API server stores them.
    fn stored(wanted: &Wanted) -> Vec<Value> {
        let drop_empty = |mut entry: Value| {
            for field in ["matchConditions", "rules"] {
                if entry[field] == json!([]) {
                    entry.as_object_mut().unwrap().remove(field);
                }
            }
            entry
        };
        wanted.listed().iter().cloned().map(drop_empty).collect()
    }

    /// Returns the differences, and the entries of a replacement if it is needed.
    fn differences(object: &DynamicObject, wanted: &Wanted) -> (Vec<String>, Option<Value>) {
        let names = of_tests();
        let configuration = WebhookConfiguration::new(object, &names);
        let replaced = configuration.replaced(wanted).map(|patch| {
            assert_eq!(patch["metadata"], json!({"uid": "1", "resourceVersion": "7"}));
            patch["webhooks"].clone()
        });
        (configuration.differences(wanted), replaced)
    }

    #[test]
    fn state_that_was_applied_has_no_differences() {
        let wanted = wanted(&["a", "b"]);
        let mut entries = stored(&wanted);
        entries.reverse();
        entries.push(json!({"name": "other", "clientConfig": {"url": "https://example.com"}}));
        assert_eq!(
            differences(&object(&entries, &["a", "b"]), &wanted),
            (Vec::new(), None)
        );
    }

    #[test]
    fn each_field_that_others_change_is_a_difference() {
        let wanted = wanted(&["a"]);
        for (path, value, expected) in [
            ("/failurePolicy", json!("Ignore"), "a: failurePolicy"),
            ("/clientConfig/caBundle", Value::Null, "a: clientConfig.caBundle"),
            ("/clientConfig/service/port", json!(444), "a: clientConfig"),
            ("/clientConfig/service/path", json!("/x"), "a: clientConfig"),
            (
                "/namespaceSelector",
                json!({"matchLabels": {"a": "b"}}),
                "a: namespaceSelector",
            ),
            ("/rules/0/scope", json!("Cluster"), "a: rules"),
            ("/rules", json!([]), "a: rules"),
            ("/timeoutSeconds", json!(1), "a: timeoutSeconds"),
        ] {
            let mut entries = stored(&wanted);
            *entries[0].pointer_mut(path).unwrap() = value;
            let (found, replaced) = differences(&object(&entries, &["a"]), &wanted);
            assert_eq!((found, replaced), (vec![expected.to_owned()], None), "{path}");
        }
    }

    #[test]
    fn url_instead_of_the_service_needs_a_replacement() {
        let wanted = wanted(&["a"]);
        let mut entries = stored(&wanted);
        entries[0]["clientConfig"] = json!({"url": "https://example.com"});
        let (found, replaced) = differences(&object(&entries, &["a"]), &wanted);
        assert_eq!(found, ["a: clientConfig"]);
        assert_eq!(replaced.unwrap()[0]["clientConfig"]["url"], Value::Null);
    }

    #[test]
    fn object_of_argo_cd_gets_no_owner() {
        let names = of_tests();
        let mut object = object(&[], &[]);
        assert!(WebhookConfiguration::new(&object, &names).may_have_owner());
        object.metadata.annotations = Some([(TRACKED_BY_ARGO_CD.to_owned(), "a:b/c:d/e".to_owned())].into());
        let configuration = WebhookConfiguration::new(&object, &names);
        assert!(!configuration.may_have_owner());
        let wanted = Wanted {
            owner: None,
            ..wanted(&["a"])
        };
        let applied = configuration.applied(&wanted).unwrap();
        assert_eq!(applied["metadata"]["ownerReferences"], Value::Null);
    }

    #[test]
    fn only_false_stops_the_webhook() {
        let names = of_tests();
        for (value, is_managed, meaningless) in [
            (None, true, None),
            (Some("true"), true, None),
            (Some("false"), false, None),
            (Some("False"), true, Some("False")),
            (Some("no"), true, Some("no")),
        ] {
            let mut object = object(&[], &[]);
            object.metadata.annotations = value.map(|value| [(MANAGED.to_owned(), value.to_owned())].into());
            let configuration = WebhookConfiguration::new(&object, &names);
            assert_eq!(configuration.is_managed(), is_managed, "{value:?}");
            assert_eq!(configuration.meaningless_annotation(), meaningless);
        }
    }

    #[test]
    fn condition_that_others_add_needs_a_replacement() {
        let wanted = wanted(&["a"]);
        let mut entries = stored(&wanted);
        entries[0]["matchConditions"] = json!([{"name": "x", "expression": "false"}]);
        let (found, replaced) = differences(&object(&entries, &["a"]), &wanted);
        assert_eq!(found, ["a: matchConditions"]);
        assert_eq!(replaced.unwrap(), json!(wanted.listed()));
    }

    #[test]
    fn removed_entry_and_missing_owner_are_differences() {
        let wanted = wanted(&["a"]);
        let mut found = object(&[], &["a"]);
        found.metadata.owner_references = None;
        let (all, replaced) = differences(&found, &wanted);
        assert_eq!((all.len(), replaced), (2, None), "{all:?}");
        assert_eq!(all, ["a is missing", "metadata.ownerReferences"]);
        let names = of_tests();
        let applied = WebhookConfiguration::new(&found, &names)
            .applied(&wanted)
            .unwrap();
        assert_eq!(applied["metadata"]["uid"], "1");
        assert_eq!(
            applied["metadata"]["ownerReferences"][0]["uid"],
            "of-the-namespace"
        );
        assert_eq!(
            applied["webhooks"][0]["clientConfig"]["caBundle"],
            BASE64_STANDARD.encode(CA)
        );
    }

    #[test]
    fn entry_of_the_webhook_leaves_with_the_config_map() {
        let both = stored(&wanted(&["a", "b"]));
        let wanted = wanted(&["a"]);
        // Only the webhook's own entry leaves; that of others stays.
        let (found, replaced) = differences(&object(&both, &["a", "b"]), &wanted);
        assert_eq!(found, ["b is not in the ConfigMap"]);
        assert_eq!(replaced.unwrap(), json!(wanted.listed()));
        assert_eq!(differences(&object(&both, &["a"]), &wanted), (Vec::new(), None));
    }

    #[test]
    fn empty_list_removes_all_entries_of_the_webhook() {
        let other = json!({"name": "other", "clientConfig": {"url": "https://example.com"}});
        let mut entries = stored(&wanted(&["a"]));
        entries.push(other.clone());
        let (found, replaced) = differences(&object(&entries, &["a"]), &wanted(&[]));
        assert_eq!(found, ["a is not in the ConfigMap"]);
        assert_eq!(replaced.unwrap(), json!([other]));
    }

    #[test]
    fn bundle_is_written_only_into_entries_that_call_the_service() {
        let wanted = Wanted::new(
            &WebhookEntries::Kept,
            CA,
            Object::Mutating,
            Some("of-the-namespace"),
        );
        let mut elsewhere = entry("elsewhere");
        elsewhere["clientConfig"]["service"]["namespace"] = "other".into();
        let mut found = object(&[entry("a"), elsewhere.clone()], &[]);
        found.metadata.owner_references = None;
        let (all, replaced) = differences(&found, &wanted);
        assert_eq!(all, ["a: clientConfig.caBundle"]);
        let mut with_bundle = entry("a");
        with_bundle["clientConfig"]["caBundle"] = BASE64_STANDARD.encode(CA).into();
        assert_eq!(replaced.unwrap(), json!([with_bundle, elsewhere]));
        let names = of_tests();
        assert_eq!(WebhookConfiguration::new(&found, &names).applied(&wanted), None);
    }

    #[test]
    fn bundles_are_those_of_entries_that_call_the_service() {
        let names = of_tests();
        let mut found = stored(&wanted(&["a"]));
        found.push(entry("without"));
        found.push(
            json!({"name": "other", "clientConfig": {"url": "https://example.com", "caBundle": "AAAA"}}),
        );
        let found = object(&found, &[]);
        let configuration = WebhookConfiguration::new(&found, &names);
        assert!(configuration.is_armed());
        assert_eq!(
            configuration.bundles(),
            BTreeSet::from([String::new(), CA.to_owned()])
        );
        let others = configuration.disarmed().unwrap()["webhooks"].clone();
        assert_eq!(others[0]["name"], "other");
        let found = object(&[others[0].clone()], &[]);
        let configuration = WebhookConfiguration::new(&found, &names);
        assert!(!configuration.is_armed() && configuration.bundles().is_empty());
        assert_eq!(configuration.disarmed(), None);
    }

    #[test]
    fn annotation_stops_the_webhook() {
        let names = of_tests();
        let mut found = object(&[], &[]);
        assert!(WebhookConfiguration::new(&found, &names).is_managed());
        for (value, is_managed) in [("false", false), ("true", true)] {
            found.metadata.annotations = Some([(MANAGED.to_owned(), value.to_owned())].into());
            assert_eq!(WebhookConfiguration::new(&found, &names).is_managed(), is_managed);
        }
    }

    #[test]
    fn last_manager_is_named_if_it_wrote_after_the_webhook() {
        let names = of_tests();
        let mut found = object(&[], &[]);
        assert_eq!(
            WebhookConfiguration::new(&found, &names).changed_by(),
            Some("kubectl-edit")
        );
        let managed = found.metadata.managed_fields.as_mut().unwrap();
        managed[0].time = managed[1].time.clone();
        managed[1].time = None;
        assert_eq!(WebhookConfiguration::new(&found, &names).changed_by(), None);
    }
}

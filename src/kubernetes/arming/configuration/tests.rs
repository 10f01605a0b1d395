//! Tests of the changes that a webhook configuration needs.

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
    found.push(json!({"name": "other", "clientConfig": {"url": "https://example.com", "caBundle": "AAAA"}}));
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

//! The break-glass label of workloads: its way to the pod template, for any object.

use imageswap_engine::admission::{Policy, ReviewOutcome, TemplateChange, break_glass};
use imageswap_tests_support::recorded::conformance;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{object, of, patched, policy, rules, warnings};

const KEY: &str = "k8s.twr.io/imageswap";

/// The outcome of a review, with the object that the caller gets.
struct Carried {
    outcome: ReviewOutcome,
    change: Option<TemplateChange>,
    patched: Value,
    warnings: Vec<String>,
}

/// Answers a review, and applies its patch with the library of others.
fn carried(body: &[u8], policy: &Policy<'_>) -> Carried {
    let review = break_glass(body, policy).unwrap();
    let answer: Value = serde_json::from_slice(&review.answer).unwrap();
    let response = &answer["response"];
    assert_eq!(response["allowed"], true);
    assert_eq!(
        response.get("patch").is_some(),
        response.get("patchType").is_some()
    );
    Carried {
        outcome: review.outcome,
        change: review.change,
        patched: patched(&object(body), &answer),
        warnings: warnings(&answer),
    }
}

fn carry(operation: &str, kind: &str, object: Value, old: Value) -> Carried {
    let group = if matches!(kind, "Job" | "CronJob") {
        "batch"
    } else {
        "apps"
    };
    let rules = rules();
    carried(&of(operation, group, kind, object, old), &policy(&rules))
}

/// Returns a workload of a kind with this label and this template. A null label is missing.
fn workload(kind: &str, label: &Value, template: &Value) -> Value {
    let spec = match kind {
        "CronJob" => json!({"jobTemplate": {"spec": {"template": template}}}),
        _ => json!({"template": template}),
    };
    let labels = match label {
        Value::Null => json!({}),
        label => json!({KEY: label}),
    };
    json!({"metadata": {"name": "web", "labels": labels}, "spec": spec})
}

fn template_of<'o>(kind: &str, object: &'o Value) -> &'o Value {
    match kind {
        "CronJob" => &object["spec"]["jobTemplate"]["spec"]["template"],
        _ => &object["spec"]["template"],
    }
}

fn labeled(value: &str) -> Value {
    json!({"metadata": {"labels": {"app": "web", KEY: value}}, "spec": {}})
}

fn unlabeled() -> Value {
    json!({"metadata": {"labels": {"app": "web"}}, "spec": {}})
}

const KINDS: [&str; 4] = ["Deployment", "StatefulSet", "DaemonSet", "CronJob"];

#[test]
fn label_of_each_kind_is_carried_there_and_back() {
    for kind in KINDS {
        let on = workload(kind, &json!("disabled"), &unlabeled());
        let off = workload(kind, &Value::Null, &labeled("disabled"));
        for (operation, old) in [
            ("CREATE", Value::Null),
            ("UPDATE", workload(kind, &Value::Null, &unlabeled())),
        ] {
            let carried = carry(operation, kind, on.clone(), old);
            assert_eq!(carried.change, Some(TemplateChange::Add));
            assert_eq!(
                template_of(kind, &carried.patched),
                &labeled("disabled"),
                "{kind}"
            );
        }
        let carried = carry(
            "UPDATE",
            kind,
            off,
            workload(kind, &json!("disabled"), &labeled("disabled")),
        );
        assert_eq!(carried.change, Some(TemplateChange::Remove));
        assert_eq!(template_of(kind, &carried.patched), &unlabeled(), "{kind}");
    }
}

#[test]
fn template_of_a_job_changes_on_create_only() {
    let on = workload("Job", &json!("disabled"), &unlabeled());
    let carried = carry("CREATE", "Job", on.clone(), Value::Null);
    assert_eq!(template_of("Job", &carried.patched), &labeled("disabled"));
    let old = workload("Job", &Value::Null, &unlabeled());
    let carried = carry("UPDATE", "Job", on.clone(), old);
    assert_eq!((carried.outcome, carried.patched), (ReviewOutcome::Skipped, on));
}

#[test]
fn missing_maps_of_a_template_are_created() {
    for (template, expected) in [
        (json!({}), json!({"metadata": {"labels": {KEY: "disabled"}}})),
        (
            json!({"metadata": null}),
            json!({"metadata": {"labels": {KEY: "disabled"}}}),
        ),
        (
            json!({"metadata": {}}),
            json!({"metadata": {"labels": {KEY: "disabled"}}}),
        ),
        (
            json!({"metadata": {"labels": null, "annotations": {"a": "b"}}}),
            json!({"metadata": {"labels": {KEY: "disabled"}, "annotations": {"a": "b"}}}),
        ),
        (
            json!({"metadata": {"labels": {}}}),
            json!({"metadata": {"labels": {KEY: "disabled"}}}),
        ),
        (
            json!({"metadata": {"labels": {KEY: "Disabled"}}}),
            json!({"metadata": {"labels": {KEY: "disabled"}}}),
        ),
        (
            json!({"metadata": {"labels": {KEY: null}}}),
            json!({"metadata": {"labels": {KEY: "disabled"}}}),
        ),
    ] {
        for kind in KINDS {
            let object = workload(kind, &json!("disabled"), &template);
            let carried = carry("CREATE", kind, object, Value::Null);
            assert_eq!(
                template_of(kind, &carried.patched),
                &expected,
                "{kind} {template}"
            );
        }
    }
}

#[test]
fn template_of_another_type_is_unchanged() {
    for template in [
        Value::Null,
        json!("text"),
        json!([]),
        json!({"metadata": "text"}),
        json!({"metadata": ["labels"]}),
        json!({"metadata": {"labels": "text"}}),
        json!({"metadata": {"labels": [KEY]}}),
    ] {
        for kind in KINDS {
            for (label, old) in [("disabled", Value::Null), ("enabled", json!("disabled"))] {
                let object = workload(kind, &json!(label), &template);
                let carried = carry("UPDATE", kind, object.clone(), workload(kind, &old, &template));
                assert_eq!(carried.patched, object, "{template}");
                assert_eq!(carried.outcome, ReviewOutcome::Unchanged);
            }
        }
    }
}

#[test]
fn key_of_the_label_is_escaped_in_the_pointer() {
    let rules = rules();
    for key in ["a.example.com/b_c-d.e", "plain", "tilde~1/slash~0"] {
        let policy = Policy {
            disable_label: key,
            ..policy(&rules)
        };
        let with = json!({"metadata": {"labels": {key: "disabled"}}, "spec": {"template": {"metadata": {"labels": {}}}}});
        let both = json!({"metadata": {"labels": {}}, "spec": {"template": {"metadata": {"labels": {key: "disabled"}}}}});
        let add = carried(
            &of("CREATE", "apps", "Deployment", with.clone(), Value::Null),
            &policy,
        );
        assert_eq!(
            add.patched["spec"]["template"]["metadata"]["labels"],
            json!({key: "disabled"})
        );
        let remove = carried(&of("UPDATE", "apps", "Deployment", both, with), &policy);
        assert_eq!(
            remove.patched["spec"]["template"]["metadata"]["labels"],
            json!({})
        );
    }
}

/// Each change of the label of the workload, from an old value to a new one, with its effect on a template that has the
/// label and on one that has not.
#[test]
fn template_follows_the_value_of_the_workload() {
    use TemplateChange::{Add, Remove};
    let none = Value::Null;
    let [disabled, other, enabled] = ["disabled", "true", "enabled"].map(Value::from);
    for (old, new, of_labeled, of_unlabeled) in [
        (&none, &none, None, None),
        (&none, &disabled, None, Some(Add)),
        (&none, &other, None, None),
        (&none, &enabled, None, None),
        (&disabled, &none, Some(Remove), None),
        (&disabled, &disabled, None, Some(Add)),
        (&disabled, &other, Some(Remove), None),
        (&disabled, &enabled, Some(Remove), None),
        (&other, &none, Some(Remove), None),
        (&other, &disabled, None, Some(Add)),
        (&other, &other, None, None),
        (&enabled, &none, Some(Remove), None),
    ] {
        for (template, expected) in [(labeled("disabled"), of_labeled), (unlabeled(), of_unlabeled)] {
            let object = workload("Deployment", new, &template);
            let carried = carry(
                "UPDATE",
                "Deployment",
                object.clone(),
                workload("Deployment", old, &template),
            );
            assert_eq!(carried.change, expected, "{old} {new} {template}");
            let patched = match expected {
                None => template,
                Some(Add) => labeled("disabled"),
                Some(Remove) => unlabeled(),
            };
            assert_eq!(carried.patched, workload("Deployment", new, &patched));
        }
        // Another value in the template is not break glass, so its removal would end nothing.
        let object = workload("Deployment", new, &labeled("enabled"));
        let carried = carry(
            "UPDATE",
            "Deployment",
            object,
            workload("Deployment", old, &labeled("enabled")),
        );
        assert_ne!(carried.change, Some(Remove));
    }
}

#[test]
fn near_miss_is_warned_about_when_it_is_set() {
    let warning = |value: &str| {
        format!(
            "imageswap: the label {KEY}={value} has no effect; to keep the original images, set {KEY}=disabled"
        )
    };
    let update = |old: Value, new: &str| {
        let [old, new] = [old, new.into()].map(|label| workload("StatefulSet", &label, &unlabeled()));
        carry("UPDATE", "StatefulSet", new, old).warnings
    };
    for value in ["Disabled", "DISABLED", "disable", "false", "true", "off", ""] {
        assert_eq!(update(Value::Null, value), [warning(value)]);
        assert_eq!(update("disabled".into(), value), [warning(value)]);
        assert_eq!(update(value.into(), value), [""; 0]);
        let object = workload("Job", &value.into(), &unlabeled());
        assert_eq!(
            carry("CREATE", "Job", object, Value::Null).warnings,
            [warning(value)]
        );
    }
    for value in ["disabled", "enabled", "Enabled"] {
        assert_eq!(update(Value::Null, value), [""; 0]);
    }
}

#[test]
fn label_that_the_selector_has_is_kept() {
    for selector in [
        json!({"matchLabels": {KEY: "enabled"}}),
        json!({"matchExpressions": [{"key": "app", "operator": "Exists"}, {"key": KEY, "operator": "Exists"}]}),
    ] {
        let mut object = workload("Deployment", &json!("disabled"), &labeled("enabled"));
        object["spec"]["selector"] = selector;
        let carried = carry("CREATE", "Deployment", object.clone(), Value::Null);
        assert_eq!(carried.patched, object);
        assert_eq!(
            carried.warnings,
            [format!(
                "imageswap: the selector has the label {KEY}, so the label of the pod template is not changed"
            )]
        );
    }
    let mut object = workload("Deployment", &json!("disabled"), &unlabeled());
    object["spec"]["selector"] = json!({"matchLabels": {"app": "web"}});
    let carried = carry("CREATE", "Deployment", object, Value::Null);
    assert_eq!(carried.outcome, ReviewOutcome::Patched);
}

#[test]
fn dry_run_warns_and_patches_nothing() {
    let rules = rules();
    let policy = Policy {
        dry_run: true,
        ..policy(&rules)
    };
    let object = workload("Deployment", &json!("disabled"), &unlabeled());
    let body = of("CREATE", "apps", "Deployment", object.clone(), Value::Null);
    let carried = carried(&body, &policy);
    assert_eq!(
        (carried.outcome, carried.patched),
        (ReviewOutcome::Unchanged, object)
    );
    assert_eq!(
        carried.warnings,
        [format!(
            "imageswap: the pod template would get the label {KEY}=disabled (dry run)"
        )]
    );
}

#[test]
fn other_kinds_operations_and_deleted_objects_are_skipped() {
    let object = workload("Deployment", &json!("disabled"), &unlabeled());
    let mut deleted = object.clone();
    deleted["metadata"]["deletionTimestamp"] = "2026-11-30T00:00:00Z".into();
    let rules = rules();
    for (operation, group, kind, object) in [
        ("CREATE", "", "Pod", &object),
        ("CREATE", "apps", "ReplicaSet", &object),
        ("CREATE", "", "ReplicationController", &object),
        ("CREATE", "", "PodTemplate", &object),
        ("CREATE", "autoscaling", "Scale", &object),
        ("CREATE", "example.com", "Deployment", &object),
        ("DELETE", "apps", "Deployment", &object),
        ("CONNECT", "apps", "Deployment", &object),
        ("Bake", "apps", "Deployment", &object),
        ("UPDATE", "apps", "Deployment", &deleted),
        ("UPDATE", "apps", "Deployment", &Value::Null),
    ] {
        let body = of(operation, group, kind, object.clone(), Value::Null);
        let carried = carried(&body, &policy(&rules));
        assert_eq!(carried.outcome, ReviewOutcome::Skipped, "{operation} {kind}");
        assert_eq!(&carried.patched, object);
    }
}

#[test]
fn real_reviews_are_answered() {
    let rules = rules();
    for entry in std::fs::read_dir(conformance("reviews")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let body = std::fs::read(&path).unwrap();
            let carried = carried(&body, &policy(&rules));
            assert_eq!(carried.change, None, "{}", path.display());
        }
    }
}

/// Returns values that the members on the way to a label have: real ones mostly.
fn near_labels() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => Just(json!("disabled")), 1 => Just(json!("enabled")), 1 => Just(Value::Null), 1 => Just(json!(7)),
        1 => Just(json!([]))
    ];
    let key = prop_oneof![
        6 => Just(KEY), 6 => Just("metadata"), 6 => Just("labels"), 4 => Just("template"), 2 => Just("jobTemplate"),
        4 => Just("spec"), 1 => Just("selector"), 1 => Just("matchLabels"), 1 => Just("app"), 1 => Just("deletionTimestamp")
    ];
    leaf.prop_recursive(7, 60, 4, move |inner| {
        prop::collection::btree_map(key.clone(), inner, 0..5).prop_map(|members| {
            members
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect()
        })
    })
}

/// Returns a workload with arbitrary parts at the places that matter.
fn any_workload() -> impl Strategy<Value = Value> {
    let template = prop_oneof![2 => near_labels(), 1 => Just(labeled("disabled")), 1 => Just(unlabeled()),
        2 => near_labels().prop_map(|labels| json!({"metadata": {"labels": labels}, "spec": {}}))];
    (near_labels(), template, any::<bool>(), any::<bool>()).prop_map(|(any, template, is_free, has_label)| {
        if is_free {
            return any;
        }
        let labels = if has_label { json!({KEY: "disabled"}) } else { any };
        json!({
            "metadata": {"labels": labels},
            "spec": {"template": template, "jobTemplate": {"spec": {"template": template}}},
        })
    })
}

proptest! {
    #[test]
    fn patch_applies_and_changes_only_the_label_of_the_template(
        object in any_workload(), old in any_workload(), kind in prop::sample::select(vec![
            "Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "ReplicaSet",
        ]), is_update in any::<bool>(),
    ) {
        let operation = if is_update { "UPDATE" } else { "CREATE" };
        let carried = carry(operation, kind, object.clone(), old);
        // A copy of the object with the label that the template has now, in the maps that it has now.
        let mut expected = object.clone();
        if carried.patched != object {
            prop_assert_eq!(carried.outcome, ReviewOutcome::Patched);
            let path = if kind == "CronJob" { "/spec/jobTemplate/spec/template" } else { "/spec/template" };
            let template = expected.pointer_mut(path).unwrap().as_object_mut().unwrap();
            let metadata = template.entry("metadata").or_insert(Value::Null);
            if metadata.is_null() { *metadata = json!({}); }
            let labels = metadata.as_object_mut().unwrap().entry("labels").or_insert(Value::Null);
            if labels.is_null() { *labels = json!({}); }
            let labels = labels.as_object_mut().unwrap();
            match carried.change.unwrap() {
                TemplateChange::Add => { labels.insert(KEY.to_owned(), json!("disabled")); }
                TemplateChange::Remove => prop_assert_eq!(labels.remove(KEY), Some(json!("disabled"))),
            }
        }
        prop_assert_eq!(&carried.patched, &expected);
        // The second call of the API server changes nothing more.
        let again = carry("CREATE", kind, carried.patched.clone(), Value::Null);
        if carried.change == Some(TemplateChange::Add) {
            prop_assert_eq!(again.patched, carried.patched);
        }
    }
}

//! Real reviews, and reviews that hold anything: what the answer says, and what its patch does.

#![allow(clippy::disallowed_methods, reason = "a test reads its vectors from files")]
use std::path::PathBuf;

use base64::Engine as _;
use imageswap_engine::admission::{ImageEffect, LeftReason, Outcome, Policy, Reviewed, review};
use imageswap_engine::legacy::{LegacyConfig, Prefix};
use imageswap_engine::rules::RuleSet;
use proptest::prelude::*;
use serde_json::{Value, json};

const MIRROR: &str = "mirror.example.com/hub";

fn rules() -> RuleSet {
    RuleSet::from(LegacyConfig::Prefix(Prefix::new(MIRROR)))
}

fn policy(rules: &RuleSet) -> Policy<'_> {
    Policy {
        rules,
        digest: "d1",
        disable_label: "k8s.twr.io/imageswap",
        hook: None,
        dry_run: false,
    }
}

fn reviewed(body: &[u8]) -> Reviewed<'_> {
    review(body, &policy(&rules())).unwrap()
}

fn real(file: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance/reviews");
    std::fs::read(folder.join(file)).unwrap()
}

/// A review of a Pod, from its spec and metadata.
fn of_pod(metadata: Value, spec: Value) -> Vec<u8> {
    of(
        "CREATE",
        "",
        "Pod",
        json!({"metadata": metadata, "spec": spec}),
        Value::Null,
    )
}

fn of(operation: &str, group: &str, kind: &str, object: Value, old: Value) -> Vec<u8> {
    let request = json!({
        "uid": "u1", "kind": {"group": group, "version": "v1", "kind": kind}, "namespace": "default",
        "operation": operation, "object": object, "oldObject": old,
    });
    json!({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": request})
        .to_string()
        .into_bytes()
}

fn answer(reviewed: &Reviewed<'_>) -> Value {
    serde_json::from_slice(&reviewed.answer).unwrap()
}

/// The operations of the patch, as (pointer, image).
fn patch(reviewed: &Reviewed<'_>) -> Vec<(String, String)> {
    let answer = answer(reviewed);
    let Some(patch) = answer["response"].get("patch") else {
        return Vec::new();
    };
    let patch = base64::engine::general_purpose::STANDARD
        .decode(patch.as_str().unwrap())
        .unwrap();
    let patch: Vec<Value> = serde_json::from_slice(&patch).unwrap();
    patch
        .iter()
        .map(|operation| {
            assert_eq!(operation["op"], "replace");
            (
                operation["path"].as_str().unwrap().to_owned(),
                operation["value"].as_str().unwrap().to_owned(),
            )
        })
        .collect()
}

fn pointers(reviewed: &Reviewed<'_>) -> Vec<String> {
    patch(reviewed).into_iter().map(|(pointer, _)| pointer).collect()
}

fn left(reviewed: &Reviewed<'_>) -> Vec<LeftReason> {
    let reason = |effect: &ImageEffect| match effect {
        ImageEffect::Left(reason) => Some(*reason),
        _ => None,
    };
    reviewed
        .images
        .iter()
        .filter_map(|image| reason(&image.effect))
        .collect()
}

#[test]
fn every_real_review_is_answered_with_its_uid_and_a_patch_that_applies() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance/reviews");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let body = std::fs::read(&path).unwrap();
        let request = serde_json::from_slice::<Value>(&body).unwrap()["request"].clone();
        let reviewed = reviewed(&body);
        let answer = answer(&reviewed);
        assert_eq!(answer["kind"], "AdmissionReview");
        assert_eq!(answer["apiVersion"], "admission.k8s.io/v1");
        assert_eq!(answer["response"]["uid"], request["uid"], "{}", path.display());
        assert_eq!(answer["response"]["allowed"], true);
        assert_eq!(
            answer["response"].get("patch").is_some(),
            answer["response"].get("patchType").is_some()
        );
        assert_only_images_change(&request["object"], &reviewed);
        count += 1;
    }
    assert_eq!(count, 38, "every real review was read");
}

/// Applies the patch and takes the images back out: nothing else may differ.
fn assert_only_images_change(object: &Value, reviewed: &Reviewed<'_>) {
    let answer = answer(reviewed);
    let Some(encoded) = answer["response"].get("patch") else {
        return;
    };
    let decoded = base64::engine::general_purpose::STANDARD
        .decode(encoded.as_str().unwrap())
        .unwrap();
    let operations: json_patch::Patch = serde_json::from_slice(&decoded).unwrap();
    let mut patched = object.clone();
    json_patch::patch(&mut patched, &operations).unwrap();
    for (pointer, image) in patch(reviewed) {
        assert_eq!(patched.pointer(&pointer).unwrap(), &image);
        let old = object.pointer(&pointer).unwrap().clone();
        assert!(old.is_string(), "{pointer} was an image");
        *patched.pointer_mut(&pointer).unwrap() = old;
    }
    assert_eq!(&patched, object);
}

#[test]
fn a_rich_pod_is_patched_at_init_containers_sidecars_containers_and_image_volumes() {
    let body = real("002-create-pods-rich.json");
    let request = serde_json::from_slice::<Value>(&body).unwrap()["request"].clone();
    let reviewed = reviewed(&body);
    assert_eq!(reviewed.outcome, Outcome::Patched);
    let spec = &request["object"]["spec"];
    let count = |list: &str| spec[list].as_array().unwrap().len();
    let volumes = spec["volumes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|volume| volume.get("image").is_some())
        .count();
    assert!(volumes > 0);
    assert_eq!(
        reviewed.images.len(),
        count("containers") + count("initContainers") + volumes
    );
    assert!(
        pointers(&reviewed)
            .iter()
            .any(|pointer| pointer.starts_with("/spec/initContainers/0/image"))
    );
    assert!(
        pointers(&reviewed)
            .iter()
            .any(|pointer| pointer.ends_with("/image/reference"))
    );
}

#[test]
fn an_edit_of_a_label_or_an_annotation_changes_no_image() {
    for file in [
        "003-update-pods-rich.json",
        "004-update-pods-rich.json",
        "009-update-pods-rich.json",
    ] {
        let body = real(file);
        let reviewed = reviewed(&body);
        assert_eq!(patch(&reviewed), [], "{file}");
        assert!(
            left(&reviewed)
                .iter()
                .all(|reason| *reason == LeftReason::Unchanged),
            "{file}"
        );
    }
}

#[test]
fn of_an_update_only_the_image_that_changes_is_patched() {
    let old = json!({"spec": {"containers": [
        {"name": "a", "image": "mirror.example.com/hub/a:1"}, {"name": "b", "image": "b:1"}]}});
    let new = json!({"spec": {"containers": [
        {"name": "b", "image": "b:1"}, {"name": "a", "image": "a:2"}]}});
    let body = of("UPDATE", "", "Pod", new, old);
    assert_eq!(pointers(&reviewed(&body)), ["/spec/containers/1/image"]);
}

#[test]
fn an_ephemeral_container_is_patched_and_its_pod_is_not() {
    let body = real("006-update-pods-ephemeralcontainers-rich.json");
    let pointers = pointers(&reviewed(&body));
    assert_eq!(pointers, ["/spec/ephemeralContainers/0/image"]);
}

#[test]
fn templates_are_patched_where_each_kind_has_them() {
    let files = [
        (
            "016-create-deployments-web.json",
            "/spec/template/spec/containers/0/image",
        ),
        (
            "017-create-replicasets-web-7bfb4bc78d.json",
            "/spec/template/spec/containers/0/image",
        ),
        (
            "026-create-jobs-once.json",
            "/spec/template/spec/containers/0/image",
        ),
        (
            "028-create-cronjobs-tick.json",
            "/spec/jobTemplate/spec/template/spec/containers/0/image",
        ),
        (
            "031-create-daemonsets-agent.json",
            "/spec/template/spec/containers/0/image",
        ),
        (
            "036-create-replicationcontrollers-rc.json",
            "/spec/template/spec/containers/0/image",
        ),
        (
            "038-create-podtemplates-pt.json",
            "/template/spec/containers/0/image",
        ),
    ];
    for (file, pointer) in files {
        let body = real(file);
        assert_eq!(pointers(&reviewed(&body)), [pointer], "{file}");
    }
}

#[test]
fn any_kind_with_a_pod_template_is_patched() {
    let object =
        json!({"spec": {"replicas": 2, "template": {"spec": {"containers": [{"name": "a", "image": "a"}]}}}});
    let body = of("CREATE", "argoproj.io", "Rollout", object, Value::Null);
    assert_eq!(
        pointers(&reviewed(&body)),
        ["/spec/template/spec/containers/0/image"]
    );
}

#[test]
fn the_break_glass_label_leaves_a_pod_alone() {
    let body = real("041-create-pods-glass.json");
    let reviewed = reviewed(&body);
    assert_eq!((reviewed.outcome, patch(&reviewed)), (Outcome::Left, vec![]));
    assert_eq!(left(&reviewed), [LeftReason::Disabled]);
}

#[test]
fn the_break_glass_label_counts_on_the_object_and_on_its_template() {
    let label = json!({"labels": {"k8s.twr.io/imageswap": "disabled"}});
    let spec = json!({"containers": [{"name": "a", "image": "a"}]});
    let on_object = json!({"metadata": label, "spec": {"template": {"spec": spec}}});
    let on_template = json!({"metadata": {}, "spec": {"template": {"metadata": label, "spec": spec}}});
    for object in [on_object, on_template] {
        let body = of("CREATE", "apps", "Deployment", object, Value::Null);
        assert_eq!(left(&reviewed(&body)), [LeftReason::Disabled]);
    }
}

#[test]
fn another_value_of_the_break_glass_label_breaks_nothing() {
    let metadata = json!({"labels": {"k8s.twr.io/imageswap": "enabled"}});
    let body = of_pod(metadata, json!({"containers": [{"name": "a", "image": "a"}]}));
    assert_eq!(pointers(&reviewed(&body)), ["/spec/containers/0/image"]);
}

#[test]
fn a_static_mirror_pod_and_an_object_that_is_being_deleted_are_left_alone() {
    let mirror = real("042-create-pods-static-node1.json");
    assert_eq!(left(&reviewed(&mirror)), [LeftReason::MirrorPod]);
    let metadata = json!({"deletionTimestamp": "2026-11-23T07:17:18Z"});
    let deleted = of_pod(metadata, json!({"containers": [{"name": "a", "image": "a"}]}));
    assert_eq!(left(&reviewed(&deleted)), [LeftReason::Deleting]);
}

#[test]
fn a_delete_has_no_object_and_gets_no_patch() {
    let body = real("013-delete-pods-rich.json");
    let reviewed = reviewed(&body);
    assert_eq!((reviewed.outcome, reviewed.images.len()), (Outcome::Unchanged, 0));
}

#[test]
fn a_container_without_an_image_is_left_without_a_word() {
    let body = real("039-create-pods-noimage.json");
    let reviewed = reviewed(&body);
    assert_eq!(left(&reviewed), [LeftReason::NoImage]);
    assert!(answer(&reviewed)["response"].get("warnings").is_none());
}

#[test]
fn an_image_that_is_no_reference_is_left_with_a_warning_that_names_it() {
    let body = real("040-create-pods-badimage.json");
    let reviewed = reviewed(&body);
    assert_eq!(left(&reviewed), [LeftReason::InvalidImage]);
    let warnings = answer(&reviewed)["response"]["warnings"].clone();
    assert_eq!(warnings.as_array().unwrap().len(), 1, "{warnings}");
    let warning = warnings[0].as_str().unwrap();
    assert!(
        warning.starts_with("imageswap: ") && warning.contains("of container a "),
        "{warning}"
    );
}

#[test]
fn the_image_auto_is_left_without_a_warning() {
    let body = of_pod(
        json!({}),
        json!({"containers": [{"name": "istio-proxy", "image": "auto"}]}),
    );
    let reviewed = reviewed(&body);
    assert_eq!(left(&reviewed), [LeftReason::Auto]);
    assert!(answer(&reviewed)["response"].get("warnings").is_none());
}

#[test]
fn a_warning_holds_no_control_character_and_no_endless_image() {
    let image = format!("bad\r\nimage{}", "x".repeat(100_000));
    let body = of_pod(json!({}), json!({"containers": [{"name": "a", "image": image}]}));
    let warning = answer(&reviewed(&body))["response"]["warnings"][0]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        !warning.contains(char::is_control) && warning.len() < 1000,
        "{warning}"
    );
}

#[test]
fn warnings_are_bounded_and_the_rest_is_counted() {
    let containers: Vec<Value> = (0..500)
        .map(|n| json!({"name": format!("c{n}"), "image": "Bad"}))
        .collect();
    let body = of_pod(json!({}), json!({"containers": containers}));
    let answer = answer(&reviewed(&body));
    let warnings = answer["response"]["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 51);
    assert_eq!(warnings[50], "imageswap: 450 more warnings");
}

#[test]
fn a_review_of_v1beta1_is_answered_in_v1beta1() {
    let body = String::from_utf8(real("043-create-pods-gen.json")).unwrap();
    let body = body
        .replacen("admission.k8s.io/v1\"", "admission.k8s.io/v1beta1\"", 1)
        .into_bytes();
    let answer = answer(&reviewed(&body));
    assert_eq!(answer["apiVersion"], "admission.k8s.io/v1beta1");
    assert_eq!(answer["response"]["patchType"], "JSONPatch");
}

#[test]
fn a_dry_run_changes_nothing_and_says_what_it_would_do() {
    let rules = rules();
    let body = real("018-create-pods-web-7bfb4bc78d.json");
    let dry = review(
        &body,
        &Policy {
            dry_run: true,
            ..policy(&rules)
        },
    )
    .unwrap();
    assert_eq!((dry.outcome, patch(&dry)), (Outcome::Unchanged, vec![]));
    let warning = answer(&dry)["response"]["warnings"][0]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        warning.contains("nginx:1.25 of container nginx would become "),
        "{warning}"
    );
}

#[test]
fn values_of_the_wrong_type_are_passed_over() {
    let spec = json!({
        "containers": [null, 7, "text", [], {"name": 5, "image": {"a": 1}}, {"name": "b", "image": "b"}],
        "initContainers": {"name": "x"}, "ephemeralContainers": 3.5, "volumes": [{"image": "text"}, {"image": null}],
        "template": [], "jobTemplate": true,
    });
    let metadata =
        json!({"labels": ["a"], "annotations": {"n": 5}, "ownerReferences": "x", "deletionTimestamp": null});
    let body = of_pod(metadata, spec);
    assert_eq!(pointers(&reviewed(&body)), ["/spec/containers/5/image"]);
}

#[test]
fn of_two_members_with_one_name_the_last_counts() {
    let body = r#"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u","kind":{"kind":"Pod"},
        "operation":"CREATE","object":{"spec":{"containers":[{"image":"a","image":"b"}]}}}}"#;
    assert!(patch(&reviewed(body.as_bytes()))[0].1.ends_with("/b"));
}

#[test]
fn escapes_in_an_image_are_read() {
    let body = String::from_utf8(of_pod(json!({}), json!({"containers": [{"image": "SPOT"}]}))).unwrap();
    let body = body.replace("SPOT", "ngin\\u0078");
    assert!(patch(&reviewed(body.as_bytes()))[0].1.ends_with("/nginx"));
}

#[test]
fn a_body_that_is_no_review_is_told_why() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let in_object = String::from_utf8(of_pod(json!({}), json!({"SPOT": 1}))).unwrap();
    let in_object = in_object.replace("{\"SPOT\":1}", &format!("{{\"x\":{deep}}}"));
    let cases: &[(&str, &str)] = &[
        ("", "the body is empty"),
        ("not json", "the body is no JSON"),
        ("{\"kind\":\"AdmissionReview\"", "the body is no JSON"),
        ("[]", "no object"),
        ("null", "no object"),
        ("{}", "no `kind`"),
        (r#"{"kind":"Pod"}"#, "of kind `Pod`"),
        (r#"{"kind":"AdmissionReview"}"#, "apiVersion"),
        (
            r#"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v2","request":{}}"#,
            "`admission.k8s.io/v2`",
        ),
        (
            r#"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1"}"#,
            "no `request`",
        ),
        (
            r#"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{}}"#,
            "no `uid`",
        ),
        (&deep, "nested"),
        (&in_object, "nested"),
    ];
    for (body, why) in cases {
        let error = review(body.as_bytes(), &policy(&rules()))
            .unwrap_err()
            .to_string();
        assert!(error.contains(why), "{error}");
        assert!(!error.contains('\n') && error.len() < 300, "{error}");
    }
    let error = review(b"\xff\xfe", &policy(&rules())).unwrap_err().to_string();
    assert!(error.contains("not UTF-8"), "{error}");
}

fn any_json() -> impl Strategy<Value = Value> {
    let key = prop::sample::select(vec![
        "spec",
        "template",
        "metadata",
        "labels",
        "containers",
        "initContainers",
        "image",
        "name",
        "volumes",
        "reference",
        "jobTemplate",
        "k8s.twr.io/imageswap",
        "ephemeralContainers",
        "other",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z./:@]{0,12}".prop_map(Value::from),
        ".{0,6}".prop_map(Value::from),
        Just(Value::from("disabled")),
    ];
    leaf.prop_recursive(8, 120, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(key.clone().prop_map(str::to_owned), inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn a_patch_changes_images_and_nothing_else_whatever_the_object_holds(
        object in any_json(), old in any_json(),
        kind in prop::sample::select(vec![("", "Pod"), ("batch", "CronJob"), ("apps", "Deployment"), ("", "PodTemplate")]),
        operation in prop::sample::select(vec!["CREATE", "UPDATE", "DELETE", "CONNECT", "?"]),
    ) {
        let body = of(operation, kind.0, kind.1, object.clone(), old);
        let reviewed = reviewed(&body);
        assert_only_images_change(&object, &reviewed);
    }

    #[test]
    fn any_bytes_are_an_answer_or_an_error(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = review(&body, &policy(&rules()));
    }
}

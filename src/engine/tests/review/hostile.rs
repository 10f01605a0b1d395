//! Objects with unexpected content, and bodies that are not reviews.

use imageswap_engine::admission::{Caller, review};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{assert_only_images_change, of, of_pod, patch, pointers, policy, reviewed, rules};

#[test]
fn values_of_the_wrong_type_are_skipped() {
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
fn last_of_repeated_members_counts() {
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
fn body_without_a_review_gets_the_reason() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let in_object = String::from_utf8(of_pod(json!({}), json!({"SPOT": 1}))).unwrap();
    let in_object = in_object.replace("{\"SPOT\":1}", &format!("{{\"x\":{deep}}}"));
    let cases: &[(&str, &str)] = &[
        ("", "the body is empty"),
        ("not json", "the body is not valid JSON"),
        ("{\"kind\":\"AdmissionReview\"", "the body is not valid JSON"),
        ("[]", "not an object"),
        ("null", "not an object"),
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
        let error = review(body.as_bytes(), &policy(&rules()), &Caller::default())
            .unwrap_err()
            .to_string();
        assert!(error.contains(why), "{error}");
        assert!(!error.contains('\n') && error.len() < 300, "{error}");
    }
    let error = review(b"\xff\xfe", &policy(&rules()), &Caller::default())
        .unwrap_err()
        .to_string();
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
    fn patch_changes_only_images(
        object in any_json(), old in any_json(),
        kind in prop::sample::select(vec![("", "Pod"), ("batch", "CronJob"), ("apps", "Deployment"), ("", "PodTemplate")]),
        operation in prop::sample::select(vec!["CREATE", "UPDATE", "DELETE", "CONNECT", "?"]),
    ) {
        let body = of(operation, kind.0, kind.1, object.clone(), old);
        let reviewed = reviewed(&body);
        assert_only_images_change(&object, &reviewed);
    }

    #[test]
    fn any_bytes_give_an_answer_or_an_error(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = review(&body, &policy(&rules()), &Caller::default());
    }
}

//! Reviews of ConfigMaps.

use imageswap_engine::admission::{ConfigMapReview, config_map_review};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::of;

fn read(body: &[u8]) -> ConfigMapReview<'_> {
    config_map_review(body).unwrap()
}

/// Returns the files before and after a request, as `KEY=CONTENT`.
fn changed(body: &[u8]) -> Option<(Vec<String>, Vec<String>)> {
    let change = read(body).change?;
    let shown = |files: imageswap_engine::admission::ConfigMapFiles| {
        let files = files.into_iter();
        files
            .map(|(key, content)| format!("{key}={}", String::from_utf8_lossy(&content)))
            .collect()
    };
    Some((shown(change.old), shown(change.new)))
}

#[test]
fn keys_of_both_fields_become_files() {
    let map = json!({
        "metadata": {"name": "r"}, "immutable": true,
        "data": {"b.rules": "text \u{e9}\n", "other": 7, "null": null},
        "binaryData": {"a.rules": "YWJj\nZGVm", "bad": "?", "list": []},
    });
    let body = of("CREATE", "", "ConfigMap", map.clone(), Value::Null);
    let files = vec!["a.rules=abcdef".to_owned(), "b.rules=text \u{e9}\n".to_owned()];
    assert_eq!(changed(&body), Some((Vec::new(), files.clone())));
    let old = json!({"data": {"gone.rules": "x"}});
    let body = of("UPDATE", "", "ConfigMap", map, old);
    assert_eq!(changed(&body), Some((vec!["gone.rules=x".to_owned()], files)));
    assert_eq!(read(&body).request.name.as_deref(), Some("r"));
}

#[test]
fn request_that_changes_no_key_has_no_change() {
    let map = json!({"metadata": {"labels": {"a": "b"}}, "data": {"a.rules": "not rules"}});
    let old = json!({"data": {"a.rules": "not rules"}});
    let cases = [
        ("UPDATE", "", "ConfigMap", map.clone(), old),
        ("DELETE", "", "ConfigMap", Value::Null, map.clone()),
        ("CONNECT", "", "ConfigMap", map.clone(), Value::Null),
        ("PATCH", "", "ConfigMap", map.clone(), Value::Null),
        ("CREATE", "", "Secret", map.clone(), Value::Null),
        ("CREATE", "example.com", "ConfigMap", map.clone(), Value::Null),
        ("CREATE", "", "ConfigMap", Value::Null, Value::Null),
        ("UPDATE", "", "ConfigMap", json!("text"), map),
    ];
    for (operation, group, kind, object, old) in cases {
        let body = of(operation, group, kind, object, old);
        assert_eq!(changed(&body), None, "{operation} {group} {kind}");
    }
}

#[test]
fn objects_without_keys_become_no_files() {
    for map in [
        json!({}),
        json!({"data": null, "binaryData": "x"}),
        json!({"data": []}),
    ] {
        let body = of("CREATE", "", "ConfigMap", map, Value::Null);
        assert_eq!(changed(&body), Some((Vec::new(), Vec::new())));
    }
}

#[test]
fn answer_has_version_and_uid_of_the_review() {
    let body = String::from_utf8(of("CREATE", "", "ConfigMap", json!({}), Value::Null)).unwrap();
    for version in ["admission.k8s.io/v1", "admission.k8s.io/v1beta1"] {
        let body = body.replace("admission.k8s.io/v1", version);
        let review = read(body.as_bytes());
        let allowed: Value = serde_json::from_slice(&review.allow(vec!["w".to_owned()], "d")).unwrap();
        let denied: Value = serde_json::from_slice(&review.deny("a\nb".to_owned(), "d")).unwrap();
        let answer =
            |response| json!({"kind": "AdmissionReview", "apiVersion": version, "response": response});
        let audit = json!({"digest": "d"});
        assert_eq!(
            allowed,
            answer(json!({"uid": "u1", "allowed": true, "warnings": ["w"], "auditAnnotations": audit}))
        );
        let status = json!({"status": "Failure", "reason": "Forbidden", "code": 403, "message": "a\nb"});
        assert_eq!(
            denied,
            answer(json!({"uid": "u1", "allowed": false, "status": status, "auditAnnotations": audit}))
        );
    }
}

#[test]
fn body_without_a_review_gets_the_reason() {
    for (body, why) in [("", "empty"), ("{}", "no `kind`"), ("[1", "not valid JSON")] {
        let error = config_map_review(body.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

proptest! {
    #[test]
    fn any_value_at_any_place_gives_an_answer(
        operation in prop::sample::select(vec!["CREATE", "UPDATE", "DELETE", "?"]),
        place in prop::sample::select(vec!["/request/object", "/request/oldObject", "/request/object/data", "/request/kind"]),
        value in prop::sample::select(vec![json!(null), json!(1), json!("x"), json!([{}]), json!({"a": {"b": []}})]),
    ) {
        let map = json!({"data": {"a.rules": "rules v1"}});
        let mut review: Value = serde_json::from_slice(&of(operation, "", "ConfigMap", map.clone(), map)).unwrap();
        *review.pointer_mut(place).unwrap() = value;
        let body = review.to_string();
        prop_assert!(config_map_review(body.as_bytes()).is_ok());
    }
}

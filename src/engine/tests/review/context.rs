//! The context that conditions read: admission fills in each value that a review has.

use imageswap_engine::admission::{Caller, cases};
use imageswap_engine::context::{Subject, ValueKind};
use serde_json::json;

use super::support::of;

#[test]
fn review_fills_in_the_value_of_each_subject() {
    let metadata = json!({
        "name": "web", "namespace": "prod", "labels": {"team": "core"}, "annotations": {"note": "a"},
        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "r", "controller": true}],
    });
    let template = |image: &str| {
        json!({
            "metadata": metadata,
            "spec": {"template": {
                "metadata": metadata,
                "spec": {"initContainers": [{"name": "setup", "image": image}]},
            }},
        })
    };
    let body = of("UPDATE", "apps", "Deployment", template("b"), template("a"));
    let body = String::from_utf8(body).unwrap().replace(
        r#""namespace":"default""#,
        r#""namespace":"prod","userInfo":{"username":"ann"}"#,
    );
    let caller = Caller {
        entry: Some("staging"),
        ..Caller::default()
    };
    let cases = cases(body.as_bytes(), "k8s.twr.io/imageswap", &caller).unwrap();
    let [case] = &cases[..] else {
        panic!("{cases:?}");
    };
    // Every value that differs from the defaults of a test is set: every subject that does not read the image itself.
    let named = case.setting.to_string();
    let missing: Vec<&str> = Subject::ALL
        .iter()
        .filter(|subject| subject.kind() != ValueKind::None)
        .map(|subject| subject.as_str())
        .filter(|word| {
            !named
                .split(" and ")
                .any(|part| part.split(' ').next() == Some(*word))
        })
        .collect();
    assert!(missing.is_empty(), "{missing:?} of {named}");
}

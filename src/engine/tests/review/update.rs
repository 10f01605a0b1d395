//! Reviews of an UPDATE: the webhook evaluates only the images that the request changes.

use imageswap_engine::admission::{ReviewOutcome, SkipReason};
use imageswap_tests_support::patched::check;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{left, of, pointers, reviewed};

/// Returns a Pod with containers, given as names and images.
fn pod(containers: &[(&str, &str)]) -> Value {
    let container = |(name, image): &(&str, &str)| json!({"name": name, "image": image});
    json!({"metadata": {"name": "p"}, "spec": {"containers": containers.iter().map(container).collect::<Vec<_>>()}})
}

/// Returns the pointers that the patch of an UPDATE of a Pod has.
fn patched(old: &Value, new: &Value) -> Vec<String> {
    let body = of("UPDATE", "", "Pod", new.clone(), old.clone());
    let reviewed = reviewed(&body);
    pointers(&reviewed)
}

#[test]
fn edit_of_the_list_patches_only_changed_images() {
    let old = pod(&[("a", "x:1"), ("b", "y:1"), ("c", "z:1")]);
    let image = |index: usize| format!("/spec/containers/{index}/image");
    let cases = [
        (
            "reordered",
            vec![("c", "z:1"), ("a", "x:1"), ("b", "y:1")],
            vec![],
        ),
        (
            "added",
            vec![("n", "x:1"), ("a", "x:1"), ("b", "y:1"), ("c", "z:1")],
            vec![image(0)],
        ),
        ("removed", vec![("b", "y:1"), ("c", "z:1")], vec![]),
        (
            "renamed",
            vec![("a", "x:1"), ("n", "y:1"), ("c", "z:1")],
            vec![image(1)],
        ),
        (
            "changed",
            vec![("a", "x:1"), ("b", "y:2"), ("c", "z:1")],
            vec![image(1)],
        ),
        (
            "images exchanged",
            vec![("a", "y:1"), ("b", "x:1"), ("c", "z:1")],
            vec![image(0), image(1)],
        ),
        (
            "reordered and changed",
            vec![("c", "z:2"), ("a", "x:1"), ("b", "y:1")],
            vec![image(0)],
        ),
    ];
    for (edit, containers, expected) in cases {
        assert_eq!(patched(&old, &pod(&containers)), expected, "{edit}");
    }
}

#[test]
fn container_of_a_repeated_name_is_unchanged_if_one_of_them_had_its_image() {
    let old = pod(&[("a", "x:1"), ("a", "y:1"), ("b", "z:1")]);
    for containers in [
        vec![("a", "y:1"), ("a", "x:1"), ("b", "z:1")],
        vec![("b", "z:1"), ("a", "x:1"), ("a", "y:1")],
        vec![("a", "x:1"), ("a", "x:1"), ("a", "y:1")],
        vec![("a", "y:1")],
    ] {
        assert_eq!(patched(&old, &pod(&containers)), [""; 0], "{containers:?}");
    }
    assert_eq!(
        patched(&old, &pod(&[("a", "x:1"), ("a", "z:1")])),
        ["/spec/containers/1/image"]
    );
}

#[test]
fn container_without_a_name_is_unchanged_if_one_of_them_had_its_image() {
    let object = |images: &[&str]| {
        let containers: Vec<Value> = images.iter().map(|image| json!({"image": image})).collect();
        json!({"spec": {"containers": containers}})
    };
    let old = object(&["x:1", "y:1"]);
    assert_eq!(patched(&old, &object(&["y:1", "x:1"])), [""; 0]);
    assert_eq!(
        patched(&old, &object(&["y:1", "z:1"])),
        ["/spec/containers/1/image"]
    );
}

#[test]
fn init_container_that_becomes_a_sidecar_is_unchanged() {
    let object = |container: Value| json!({"spec": {"template": {"spec": {"initContainers": [container]}}}});
    let old = object(json!({"name": "a", "image": "x:1"}));
    let new = object(json!({"name": "a", "image": "x:1", "restartPolicy": "Always"}));
    let body = of("UPDATE", "apps", "Deployment", new, old.clone());
    assert_eq!(left(&reviewed(&body)), [SkipReason::Unchanged]);
    // Another list is another container.
    let moved = json!({"spec": {"template": {"spec": {"containers": [{"name": "a", "image": "x:1"}]}}}});
    let body = of("UPDATE", "apps", "Deployment", moved, old);
    assert_eq!(
        pointers(&reviewed(&body)),
        ["/spec/template/spec/containers/0/image"]
    );
}

#[test]
fn without_an_old_pod_every_image_is_evaluated() {
    let new = pod(&[("a", "x:1")]);
    for old in [
        Value::Null,
        json!("text"),
        json!([1, 2]),
        json!({}),
        json!({"spec": null}),
        json!({"spec": {"containers": {"a": "x:1"}}}),
        json!({"spec": {"template": {"spec": {"containers": [{"name": "a", "image": "x:1"}]}}}}),
        json!({"spec": {"containers": [null, 7, {"name": "a", "image": 7}, {"name": "a"}]}}),
    ] {
        assert_eq!(patched(&old, &new), ["/spec/containers/0/image"], "{old}");
    }
    // A Pod whose list has other values beside the container.
    let mixed = json!({"spec": {"containers": [null, {"name": "a", "image": "x:1"}]}});
    assert_eq!(patched(&mixed, &new), [""; 0]);
}

#[test]
fn scale_and_other_subresources_have_no_images() {
    let scale =
        json!({"metadata": {"name": "web"}, "spec": {"replicas": 3}, "status": {"selector": "app=web"}});
    for (group, kind, object) in [
        ("autoscaling", "Scale", scale),
        ("policy", "Eviction", json!({"metadata": {"name": "p"}})),
        ("", "Binding", json!({"target": {"kind": "Node", "name": "n"}})),
        ("", "PodExecOptions", json!({"container": "a", "command": ["sh"]})),
    ] {
        for operation in ["CREATE", "UPDATE", "CONNECT"] {
            let body = of(operation, group, kind, object.clone(), object.clone());
            let reviewed = reviewed(&body);
            assert_eq!(
                (reviewed.outcome, reviewed.images.len()),
                (ReviewOutcome::Unchanged, 0),
                "{kind}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn image_that_the_request_does_not_change_never_changes(
        flags in any::<u8>(), choices in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        // The lowest bit selects the generator of objects and edits, and the next one a dry run, which has no patch.
        check(&[vec![(flags | 1) & !2], choices].concat());
    }
}

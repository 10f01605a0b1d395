//! The annotation with the original images.

use base64::Engine as _;
use imageswap_engine::admission::{Caller, ORIGINAL_IMAGES, Policy, review};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{MIRROR, answer, object, of, of_pod, patched, policy, rules, warnings};

/// Maximum length of all annotations of an object, as the API server counts it.
const LIMIT: usize = 256 << 10;

/// Returns the object after a review that records, and the warnings.
fn recorded(body: &[u8]) -> (Value, Vec<String>) {
    let rules = rules();
    let policy = Policy {
        record_originals: true,
        ..policy(&rules)
    };
    let reviewed = review(body, &policy, &Caller::default()).unwrap();
    let answer = answer(&reviewed);
    (patched(&object(body), &answer), warnings(&answer))
}

fn originals(object: &Value) -> Value {
    let annotation = &object["metadata"]["annotations"][ORIGINAL_IMAGES];
    annotation
        .as_str()
        .map_or(Value::Null, |text| serde_json::from_str(text).unwrap())
}

fn length(object: &Value) -> usize {
    let annotations = object["metadata"]["annotations"].as_object().unwrap();
    annotations
        .iter()
        .map(|(key, value)| key.len() + value.as_str().unwrap().len())
        .sum()
}

fn with(annotations: &Value, images: &[&str]) -> Vec<u8> {
    let containers: Vec<Value> = images.iter().map(|image| json!({"image": image})).collect();
    of_pod(
        json!({"annotations": annotations}),
        json!({"containers": containers}),
    )
}

#[test]
fn each_swapped_image_of_any_list_is_recorded() {
    let spec = json!({
        "containers": [{"image": "nginx"}, {"image": format!("{MIRROR}/x")}, {"image": "auto"}],
        "initContainers": [{"image": "busybox:1"}], "ephemeralContainers": [{"image": "look"}],
        "volumes": [{"image": {"reference": "quay.io/model"}}],
    });
    let (pod, _) = recorded(&of_pod(json!({}), spec.clone()));
    let expected = json!({
        "/spec/containers/0/image": "nginx", "/spec/initContainers/0/image": "busybox:1",
        "/spec/volumes/0/image/reference": "quay.io/model",
    });
    assert_eq!(originals(&pod), expected);

    // A template has its images at other places, and the annotation is that of the object.
    let object =
        json!({"metadata": {}, "spec": {"template": {"spec": {"containers": [{"image": "nginx"}]}}}});
    let (deployment, _) = recorded(&of("CREATE", "apps", "Deployment", object, Value::Null));
    assert_eq!(
        originals(&deployment),
        json!({"/spec/template/spec/containers/0/image": "nginx"})
    );
    assert_eq!(
        deployment["spec"]["template"].get("metadata"),
        None,
        "the template has no annotation"
    );
}

#[test]
fn missing_maps_of_the_object_are_created() {
    for metadata in [
        Value::Null,
        json!({}),
        json!({"annotations": null}),
        json!({"annotations": {}}),
        json!({"annotations": {"a": "b"}, "labels": {"c": "d"}}),
    ] {
        let (pod, _) = recorded(&of_pod(
            metadata.clone(),
            json!({"containers": [{"image": "nginx"}]}),
        ));
        let mut expected = if metadata.is_null() { json!({}) } else { metadata };
        expected["annotations"][ORIGINAL_IMAGES] = r#"{"/spec/containers/0/image":"nginx"}"#.into();
        assert_eq!(pod["metadata"], expected);
    }
    let object = json!({"spec": {"containers": [{"image": "nginx"}]}});
    let (pod, _) = recorded(&of("CREATE", "", "Pod", object, Value::Null));
    assert_eq!(originals(&pod), json!({"/spec/containers/0/image": "nginx"}));
}

#[test]
fn existing_entry_is_kept_and_a_second_pass_adds() {
    let annotations = json!({ORIGINAL_IMAGES: r#"{"/spec/containers/0/image":"first", "other":"by hand"}"#});
    let (pod, warnings) = recorded(&with(&annotations, &["second", "nginx"]));
    let expected = json!({
        "/spec/containers/0/image": "first", "/spec/containers/1/image": "nginx", "other": "by hand",
    });
    assert_eq!((originals(&pod), warnings), (expected, Vec::new()));
    // With nothing to add, the annotation is byte for byte the same.
    let (pod, _) = recorded(&with(&annotations, &["second"]));
    assert_eq!(pod["metadata"]["annotations"], annotations);
}

#[test]
fn annotation_that_others_wrote_is_kept_with_a_warning() {
    // The last one is longer than the API server allows, and reading it would take much memory.
    let long = format!("{{{}\"b\":\"\"}}", "\"a\":\"\",".repeat(50_000));
    for text in [
        "text",
        "[]",
        "7",
        "{",
        r#"{"a":{"b":0}}"#,
        &"[".repeat(10_000),
        &long,
    ] {
        let annotations = json!({ORIGINAL_IMAGES: text});
        let (pod, warnings) = recorded(&with(&annotations, &["a", "b"]));
        assert_eq!(pod["metadata"]["annotations"], annotations);
        assert!(
            warnings[0].starts_with("imageswap: 2 original images are not recorded"),
            "{warnings:?}"
        );
        assert_eq!(pod["spec"]["containers"][0]["image"], format!("{MIRROR}/a"));
    }
}

#[test]
fn annotations_stay_within_the_limit_of_the_api_server() {
    let length_of_one = {
        let (pod, _) = recorded(&with(&json!({}), &["nginx"]));
        length(&pod)
    };
    // The longest annotations of others with which the entry fits, and one byte more.
    for (more, is_recorded) in [(0, true), (1, false)] {
        let others = json!({"a": "x".repeat(LIMIT - 1 - length_of_one + more)});
        let (pod, warnings) = recorded(&with(&others, &["nginx"]));
        assert!(length(&pod) <= LIMIT);
        assert_eq!(originals(&pod).is_object(), is_recorded, "{warnings:?}");
        assert_eq!(warnings.is_empty(), is_recorded);
        assert_eq!(pod["spec"]["containers"][0]["image"], format!("{MIRROR}/nginx"));
    }
    let long = format!("example.com/{}", "a".repeat(200));
    let images: Vec<&str> = (0..2000).map(|_| long.as_str()).collect();
    let (pod, warnings) = recorded(&with(&json!({}), &images));
    let count = originals(&pod).as_object().unwrap().len();
    assert!(
        length(&pod) <= LIMIT && length(&pod) > LIMIT - 300,
        "{}",
        length(&pod)
    );
    let missing = format!("imageswap: {} original images", images.len() - count);
    assert!(warnings[0].starts_with(&missing), "{warnings:?}");
}

#[test]
fn nothing_is_recorded_without_a_patch() {
    let rules = rules();
    let body = with(&json!({}), &["nginx"]);
    for (record_originals, dry_run) in [(false, false), (true, true)] {
        let policy = Policy {
            record_originals,
            dry_run,
            ..policy(&rules)
        };
        let reviewed = review(&body, &policy, &Caller::default()).unwrap();
        assert!(
            !String::from_utf8(reviewed.answer.clone())
                .unwrap()
                .contains("original-images")
        );
        let answer: Value = serde_json::from_slice(&reviewed.answer).unwrap();
        let patch = answer["response"]["patch"].as_str().unwrap_or_default();
        let patch = base64::engine::general_purpose::STANDARD.decode(patch).unwrap();
        assert!(!String::from_utf8(patch).unwrap().contains("original-images"));
    }
    let (pod, _) = recorded(&with(&json!({}), &[&format!("{MIRROR}/x")]));
    assert_eq!(pod["metadata"]["annotations"], json!({}));
}

proptest! {
    #[test]
    fn passes_in_any_order_record_the_same(images in prop::collection::vec("[a-z]{1,8}", 1..14), first in any::<prop::sample::Index>()) {
        let all: Vec<&str> = images.iter().map(String::as_str).collect();
        let (at_once, _) = recorded(&with(&json!({}), &all));
        // A first pass over some of them, and a second one after another webhook has added the rest.
        let (mut pod, _) = recorded(&with(&json!({}), &all[..=first.index(all.len())]));
        let containers = pod["spec"]["containers"].as_array_mut().unwrap();
        containers.extend(all[containers.len()..].iter().map(|image| json!({"image": image})));
        let (in_two, _) = recorded(&of("CREATE", "", "Pod", pod, Value::Null));
        prop_assert_eq!(in_two, at_once);
    }
}

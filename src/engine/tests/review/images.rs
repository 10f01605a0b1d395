//! The images of an object outside of a review.

use imageswap_engine::admission::{Caller, images_of, review};
use serde_json::{Value, json};

use crate::support::{of, patch, policy, rules};

/// Returns the images of an object, as (pointer, image).
fn images(object: &Value) -> Vec<(String, String)> {
    let images = images_of(&object.to_string()).unwrap();
    let images = images.into_iter();
    images
        .map(|image| (image.pointer.to_string(), image.image))
        .collect()
}

/// Returns an object of an API version and a kind, with a Pod at a path.
fn object(api_version: &str, kind: &str, path: &[&str]) -> Value {
    let container = |image: &str| json!({"name": "c", "image": image});
    let pod = json!({
        "containers": [container("a"), {"name": "none"}, container("")],
        "initContainers": [container("b")],
        "ephemeralContainers": [container("c")],
        "volumes": [{"name": "v", "image": {"reference": "d"}}, {"name": "w", "emptyDir": {}}],
    });
    let mut object = path.iter().rev().fold(pod, |inner, key| json!({*key: inner}));
    object["apiVersion"] = api_version.into();
    object["kind"] = kind.into();
    object
}

#[test]
fn images_of_an_object_are_those_that_a_review_of_it_swaps() {
    let template = ["spec", "template", "spec"].as_slice();
    let job = ["spec", "jobTemplate", "spec", "template", "spec"].as_slice();
    for (api_version, kind, path) in [
        ("v1", "Pod", ["spec"].as_slice()),
        ("v1", "PodTemplate", &["template", "spec"]),
        ("apps/v1", "Deployment", template),
        ("batch/v1", "Job", template),
        ("batch/v1", "CronJob", job),
        ("example.com/v1", "Fleet", template),
    ] {
        let object = object(api_version, kind, path);
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        let body = of("CREATE", group, kind, object.clone(), Value::Null);
        let rules = rules();
        let swapped = patch(&review(&body, &policy(&rules), &Caller::default()).unwrap());
        let pointers: Vec<_> = swapped.into_iter().map(|(pointer, _)| pointer).collect();
        let (found, images): (Vec<_>, Vec<_>) = images(&object).into_iter().unzip();
        assert_eq!(found, pointers, "{kind}");
        assert_eq!(images, ["b", "a", "c", "d"], "{kind}");
    }
}

#[test]
fn object_without_a_pod_has_no_images() {
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"image": "nginx"}});
    assert_eq!(images(&map), []);
    // A CronJob has its Pod template in another place than most kinds.
    assert_eq!(
        images(&object("batch/v1", "CronJob", &["spec", "template", "spec"])),
        []
    );
    assert_eq!(images_of("[]").unwrap(), []);
}

#[test]
fn text_that_is_not_json_is_an_error() {
    let error = images_of("{\"kind\":").unwrap_err().to_string();
    assert!(error.starts_with("the object is not valid JSON: "), "{error}");
    assert!(images_of("{} {}").is_err());
}

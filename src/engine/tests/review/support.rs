//! Helpers that build reviews and read answers.

use base64::Engine as _;
use imageswap_engine::admission::{Caller, ImageEffect, Policy, Reviewed, SkipReason, review};
use imageswap_engine::compile::RuleSet;
use imageswap_engine::legacy::{LegacyConfig, Prefix};
use serde_json::{Value, json};

pub(crate) const MIRROR: &str = "mirror.example.com/hub";

pub(crate) fn rules() -> RuleSet {
    RuleSet::from(LegacyConfig::Prefix(Prefix::new(MIRROR)))
}

pub(crate) fn policy(rules: &RuleSet) -> Policy<'_> {
    Policy {
        rules,
        digest: "d1",
        disable_label: "k8s.twr.io/imageswap",
        dry_run: false,
        record_originals: false,
    }
}

pub(crate) fn reviewed(body: &[u8]) -> Reviewed<'_> {
    review(body, &policy(&rules()), &Caller::default()).unwrap()
}

/// Returns a review of a Pod, from its spec and metadata.
pub(crate) fn of_pod(metadata: Value, spec: Value) -> Vec<u8> {
    of(
        "CREATE",
        "",
        "Pod",
        json!({"metadata": metadata, "spec": spec}),
        Value::Null,
    )
}

pub(crate) fn of(operation: &str, group: &str, kind: &str, object: Value, old: Value) -> Vec<u8> {
    let request = json!({
        "uid": "u1", "kind": {"group": group, "version": "v1", "kind": kind}, "namespace": "default",
        "operation": operation, "object": object, "oldObject": old,
    });
    json!({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": request})
        .to_string()
        .into_bytes()
}

pub(crate) fn answer(reviewed: &Reviewed<'_>) -> Value {
    serde_json::from_slice(&reviewed.answer).unwrap()
}

/// Returns the operations of the patch, as (pointer, image).
pub(crate) fn patch(reviewed: &Reviewed<'_>) -> Vec<(String, String)> {
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

pub(crate) fn pointers(reviewed: &Reviewed<'_>) -> Vec<String> {
    patch(reviewed).into_iter().map(|(pointer, _)| pointer).collect()
}

pub(crate) fn left(reviewed: &Reviewed<'_>) -> Vec<SkipReason> {
    let reason = |effect: &ImageEffect| match effect {
        ImageEffect::Skipped(reason) => Some(*reason),
        _ => None,
    };
    reviewed
        .images
        .iter()
        .filter_map(|image| reason(&image.effect))
        .collect()
}

/// Returns an object after the patch of an answer, which the library of others applies.
pub(crate) fn patched(object: &Value, answer: &Value) -> Value {
    let mut object = object.clone();
    if let Some(encoded) = answer["response"].get("patch") {
        let decoded = base64::engine::general_purpose::STANDARD
            .decode(encoded.as_str().unwrap())
            .unwrap();
        let operations: json_patch::Patch = serde_json::from_slice(&decoded).unwrap();
        json_patch::patch(&mut object, &operations).unwrap();
    }
    object
}

/// Returns the object in the request of a review.
pub(crate) fn object(body: &[u8]) -> Value {
    let mut review: Value = serde_json::from_slice(body).unwrap();
    review["request"]["object"].take()
}

/// Returns the warnings of an answer.
pub(crate) fn warnings(answer: &Value) -> Vec<String> {
    let warnings = answer["response"]["warnings"].as_array().into_iter().flatten();
    warnings.map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// Applies the patch and asserts that the objects are equal without their images.
pub(crate) fn assert_only_images_change(object: &Value, reviewed: &Reviewed<'_>) {
    let mut patched = patched(object, &answer(reviewed));
    for (pointer, image) in patch(reviewed) {
        assert_eq!(patched.pointer(&pointer).unwrap(), &image);
        let old = object.pointer(&pointer).unwrap().clone();
        assert!(old.is_string(), "{pointer} was an image");
        *patched.pointer_mut(&pointer).unwrap() = old;
    }
    assert_eq!(&patched, object);
}

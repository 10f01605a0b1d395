//! Reviews that a real API server sent, and recorded answers of imageswap-webhook.

use std::fs;
use std::path::PathBuf;

use imageswap_engine::reference::Reference;
use serde_json::{Value, json};

use crate::repository;

/// Returns the path of a directory of the recorded vectors.
pub fn conformance(path: &str) -> PathBuf {
    repository::path("tests/conformance").join(path)
}

/// Reads a recorded review.
///
/// # Panics
///
/// If it cannot be read.
pub fn review(file: &str) -> Vec<u8> {
    fs::read(conformance("reviews").join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Returns the review of a Pod of a Deployment, 3 KB.
pub fn small_review() -> Vec<u8> {
    review("018-create-pods-web-7bfb4bc78d.json")
}

/// Returns the same with 20 containers, whose environments make it 100 KB.
///
/// # Panics
///
/// If it is much smaller or larger.
pub fn large_review() -> Vec<u8> {
    let mut review: Value = serde_json::from_slice(&small_review()).expect("JSON");
    let containers = review
        .pointer_mut("/request/object/spec/containers")
        .expect("a Pod");
    let container = containers[0].clone();
    let variable = |n: usize| json!({"name": format!("SETTING_{n}"), "value": format!("the value of setting {n}, as long as many are")});
    *containers = (0..20)
        .map(|n| {
            let mut container = container.clone();
            container["name"] = format!("{}-{n}", container["name"].as_str().unwrap_or_default()).into();
            container["env"] = (0..60).map(variable).collect();
            container
        })
        .collect();
    let body = serde_json::to_vec(&review).expect("JSON");
    assert!(
        (95_000..110_000).contains(&body.len()),
        "a large review has 100 KB, not {}",
        body.len()
    );
    body
}

/// Returns the image that a recorded row expects instead of its own; `None` if its image is kept.
///
/// Some rows have a result that is not a valid image, as imageswap-webhook v1.5.3 gave it. Their images are kept.
#[must_use]
pub fn expected(row: &Value) -> Option<&str> {
    let is_swap =
        |expected: &&str| Some(*expected) != row["image"].as_str() && Reference::parse(expected).is_ok();
    row["expect"].as_str().filter(is_swap)
}

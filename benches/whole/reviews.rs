//! The reviews of the load: a small and a large one, both made by a real API server.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

/// A Pod of a Deployment, 3 KB.
pub(crate) fn small() -> Vec<u8> {
    real("018-create-pods-web-7bfb4bc78d.json")
}

/// The same with 20 containers, whose environments make it 100 KB.
pub(crate) fn large() -> Vec<u8> {
    let mut review: Value = serde_json::from_slice(&small()).expect("JSON");
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

fn real(file: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/conformance/reviews")
        .join(file);
    fs::read(path).expect("the recorded reviews")
}

//! The recorded answers of imageswap-webhook and the recorded reviews, through the running webhook.

use std::collections::BTreeMap;
use std::fs;

use imageswap_tests_support::recorded::{conformance, expected, review};
use imageswap_tests_support::webhook::{Server, Start, pod};
use serde_json::Value;

use crate::IMAGESWAP;

/// Returns the rows of a file of vectors, by configuration.
fn rows(file: &str, key: &str) -> BTreeMap<String, Vec<Value>> {
    let text = fs::read_to_string(conformance(file)).unwrap();
    let mut by_key: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for line in text.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        by_key
            .entry(row[key].as_str().unwrap().to_owned())
            .or_default()
            .push(row);
    }
    by_key
}

/// Sends the images of the rows, several in a Pod, and returns the differences.
fn differences(server: &Server, rows: &[Value]) -> Vec<String> {
    let mut connection = server.connect();
    let mut differences = Vec::new();
    for rows in rows.chunks(25) {
        let images: Vec<&str> = rows.iter().map(|row| row["image"].as_str().unwrap()).collect();
        let patch: BTreeMap<_, _> = connection.post("/", &pod(&images)).patch().into_iter().collect();
        for (index, row) in rows.iter().enumerate() {
            let expected = expected(row);
            let found = patch.get(&format!("/spec/containers/{index}/image"));
            if found.map(String::as_str) != expected {
                differences.push(format!(
                    "{}: expected {expected:?}, found {found:?}",
                    images[index]
                ));
            }
        }
    }
    differences
}

#[test]
fn recorded_answers_of_maps_are_reproduced() {
    let rows = rows("legacy/vectors.jsonl", "map");
    assert_eq!(rows.values().map(Vec::len).sum::<usize>(), 6773);
    for (map, rows) in rows {
        let text = fs::read_to_string(conformance("legacy").join(&map)).unwrap();
        let server = Start::new(IMAGESWAP).self_signed().map(&text).serve();
        assert_eq!(differences(&server, &rows), [""; 0], "{map}");
    }
}

#[test]
fn recorded_answers_of_prefixes_are_reproduced() {
    let rows = rows("legacy/prefix.jsonl", "prefix");
    assert_eq!(rows.values().map(Vec::len).sum::<usize>(), 448);
    for (prefix, rows) in rows {
        let server = Start::new(IMAGESWAP).self_signed().prefix(&prefix).serve();
        assert_eq!(differences(&server, &rows), [""; 0], "{prefix}");
    }
}

#[test]
fn recorded_reviews_are_answered() {
    let server = Server::start(IMAGESWAP);
    let mut connection = server.connect();
    let mut count = 0;
    for entry in fs::read_dir(conformance("reviews")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let body = fs::read(&path).unwrap();
        let request: Value = serde_json::from_slice(&body).unwrap();
        let review = connection.post("/?timeout=10s", &body).review();
        assert_eq!(
            review["response"]["uid"],
            request["request"]["uid"],
            "{}",
            path.display()
        );
        assert_eq!(review["response"]["allowed"], true);
        count += 1;
    }
    assert_eq!(count, 38);
    assert_eq!(server.metric("imageswap_requests_total", ""), 38.0);
}

/// Adds an annotation of `bytes` to the objects of a review.
fn padded(file: &str, objects: &[&str], bytes: usize) -> Vec<u8> {
    let mut review: Value = serde_json::from_slice(&review(file)).unwrap();
    for object in objects {
        review["request"][object]["metadata"]["annotations"]["padding"] = "x".repeat(bytes).into();
    }
    review.to_string().into_bytes()
}

#[test]
fn reviews_over_1_and_over_2_mib_are_answered() {
    let server = Server::start(IMAGESWAP);
    let mut connection = server.connect();
    let create = padded("002-create-pods-rich.json", &["object"], 1_200_000);
    assert!(create.len() > 1 << 20);
    assert!(!connection.post("/", &create).images().is_empty());
    let update = padded("005-update-pods-rich.json", &["object", "oldObject"], 1_200_000);
    assert!(update.len() > 2 << 20);
    assert_eq!(connection.post("/", &update).images().len(), 1);
}

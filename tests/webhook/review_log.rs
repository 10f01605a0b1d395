//! The line of the log about a review: why its images were denied, skipped or swapped.

use std::fs::{self, File};
use std::path::Path;

use imageswap_tests_support::webhook::{Server, Start, Volume, eventually, pod};
use serde_json::{Value, json};

use crate::IMAGESWAP;
use crate::rules_answers::{changed, start};

const RULES: &str = "rules v1\n\
    deny **:latest because \"pin a version\" as pinned\n\
    deny docker.io/evil/\n\
    swap *.example.org/** -> h.example.com/{tag}/{name}\n\
    swap quay.io/ -> h.example.com/quay/\n";

/// Starts the webhook with rules and a level of the log. The rules are read before it serves.
fn serve(level: &str) -> Server {
    start(RULES, Start::new(IMAGESWAP).args(["--log-level", level]))
}

/// Posts reviews, and returns their lines of the log.
fn lines_of(server: &Server, bodies: &[Vec<u8>]) -> Vec<Value> {
    for body in bodies {
        assert_eq!(server.post(body).status, 200);
    }
    let reviewed = || {
        let lines = server.log().into_iter();
        lines
            .filter(|line| line["message"] == "reviewed")
            .collect::<Vec<_>>()
    };
    eventually("a line for each review", || reviewed().len() >= bodies.len());
    // One line for each, and no more.
    assert_eq!(reviewed().len(), bodies.len());
    reviewed()
}

/// Returns the line of the log about one review.
fn line_of(server: &Server, body: Vec<u8>) -> Value {
    lines_of(server, &[body]).remove(0)
}

/// Returns a review of a Pod with this object, as an UPDATE if there was one before.
fn review(object: Value, old: Value) -> Vec<u8> {
    changed(&[], |request| {
        request["object"] = object;
        if !old.is_null() {
            request["operation"] = "UPDATE".into();
            request["oldObject"] = old;
        }
    })
}

#[test]
fn line_has_container_reason_and_rule_of_each_image() {
    let server = serve("info");
    let object = json!({"metadata": {"name": "p"}, "spec": {
        "containers": [
            {"name": "swapped", "image": "quay.io/x:1"}, {"name": "kept", "image": "ghcr.io/x:1"},
            {"name": "denied", "image": "nginx"}, {"name": "bad", "image": "Bad"}, {"image": "evil/x:1"},
            {"name": "no-result", "image": "a.example.org/x:v-"}, {"name": "proxy", "image": "auto"}],
        "initContainers": [{"name": "empty"}],
        "volumes": [{"name": "data", "image": {"reference": "quay.io/data"}}, {"image": {"reference": "evil/data:1"}}],
    }});
    let body = review(object, Value::Null);
    let answer = server.post(&body);
    let line = server.wait_for_log(|line| line["message"] == "reviewed");
    let pinned = |key: &str, name: &str, image: &str| json!({key: name, "image": image, "reason": "deny", "rule": "pinned", "rule_line": "10-rules.rules:2"});
    let evil = |key: &str, name: &str, image: &str| {
        json!({key: name, "image": image, "reason": "deny", "rule": "10-rules.rules deny docker.io/evil/",
            "rule_line": "10-rules.rules:3"})
    };
    let result = "10-rules.rules swap *.example.org/** -> h.example.com/{tag}/{name}";
    assert_eq!(
        line["details"],
        json!([
            pinned("container", "denied", "nginx"),
            evil("container", "containers[4]", "evil/x:1"),
            pinned("volume", "data", "quay.io/data"),
            evil("volume", "volumes[1]", "evil/data:1"),
            {"container": "bad", "image": "Bad", "reason": "invalid-image"},
            {"container": "no-result", "image": "a.example.org/x:v-", "reason": "invalid-result", "rule": result,
                "rule_line": "10-rules.rules:4"},
            {"container": "empty", "image": "", "reason": "no-image"},
            {"container": "proxy", "image": "auto", "reason": "auto"},
        ])
    );
    assert_eq!(
        (&line["images"], &line["more_details"]),
        (&10.into(), &Value::Null)
    );
    // What the caller reads is in the log.
    let denial = answer.denial().unwrap();
    assert_eq!(denial.lines().count(), 4);
    assert!(
        denial.contains("of container containers[4] is denied"),
        "{denial}"
    );
    assert_eq!(line["denial"], denial);
}

#[test]
fn swapped_images_are_in_the_line_at_debug_only() {
    let body = pod(&["quay.io/x:1", "ghcr.io/x:1", "Bad"]);
    let bad = json!({"container": "c2", "image": "Bad", "reason": "invalid-image"});
    let swapped = json!({"container": "c0", "image": "quay.io/x:1", "reason": "swap", "result": "h.example.com/quay/x:1",
        "rule": "10-rules.rules swap quay.io/ -> h.example.com/quay/", "rule_line": "10-rules.rules:5"});
    for (level, details) in [("info", json!([bad])), ("debug", json!([bad, swapped]))] {
        let line = line_of(&serve(level), body.clone());
        assert_eq!(line["details"], details, "{level}");
        assert_eq!(
            (&line["swapped"], &line["denial"]),
            (&1.into(), &Value::Null),
            "{level}"
        );
    }
    let line = line_of(&serve("info"), pod(&["quay.io/x:1", "ghcr.io/x:1"]));
    assert_eq!(line["details"], Value::Null);
}

#[test]
fn line_lists_few_images_and_counts_the_rest_and_the_denied_ones_are_first() {
    let server = serve("debug");
    let invalid = vec!["Bad"; 100];
    let swapped = vec!["quay.io/x:1"; 10];
    let denied = vec!["evil/x:1"; 3];
    let line = line_of(&server, pod(&[invalid, swapped, denied].concat()));
    let details = line["details"].as_array().unwrap();
    let reasons = details.iter().map(|image| image["reason"].as_str().unwrap());
    let expected = [vec!["deny"; 3], vec!["invalid-image"; 17]].concat();
    assert_eq!(reasons.collect::<Vec<_>>(), expected);
    assert_eq!(
        (&line["images"], &line["more_details"]),
        (&113.into(), &93.into())
    );
    assert!(line["details"].to_string().len() < 4096, "{line}");
}

#[test]
fn images_of_unchanged_and_disabled_objects_are_a_number() {
    let server = serve("debug");
    let containers = json!([{"name": "a", "image": "evil/a:1"}, {"name": "b", "image": "evil/b:1"}]);
    let object = json!({"metadata": {"name": "p"}, "spec": {"containers": containers}});
    let mut labeled = object.clone();
    labeled["metadata"]["labels"] = json!({"k8s.twr.io/imageswap": "disabled"});
    let mut changed = object.clone();
    changed["spec"]["containers"][1]["image"] = "evil/c:1".into();
    let mut deleted = object.clone();
    deleted["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z".into();
    let bodies = [
        review(object.clone(), object.clone()),
        review(labeled, Value::Null),
        review(changed, object),
        review(deleted, Value::Null),
    ];
    let lines = lines_of(&server, &bodies);
    let numbers = |line: &Value| {
        (
            line["unchanged"].as_u64(),
            line["disabled"].as_u64(),
            line["details"].as_array().map(Vec::len),
        )
    };
    assert_eq!(
        lines.iter().map(numbers).collect::<Vec<_>>(),
        [
            (Some(2), None, None),
            (None, Some(2), None),
            (Some(1), None, Some(1)),
            (None, None, Some(2))
        ]
    );
    assert_eq!(lines[3]["details"][0]["reason"], "deleting");
}

/// Starts a webhook with [`RULES`], a level and a format of the log, which is in a file of the directory.
fn serve_with_format(directory: &Path, level: &str, format: &str) -> (Volume, Server) {
    let rules = Volume::mount(&[("10-rules.rules", RULES.as_bytes())]);
    let server = Start::new(IMAGESWAP)
        .self_signed()
        .rules(rules.path())
        .args(["--log-level", level])
        .only("--log-format", format)
        .serve_with_stderr(File::create(directory.join("log")).unwrap());
    (rules, server)
}

#[test]
fn log_has_no_object_no_secret_and_no_control_character() {
    const SECRET: &str = "s3cr3t-value";
    let hostile = "evil/\u{1b}[31m\u{9b}2J\u{7f}\u{202e}\n{\"message\":\"forged\"}";
    let object = json!({
        "metadata": {"name": hostile, "annotations": {"token": SECRET}, "labels": {"a": SECRET}},
        "spec": {"containers": [{"name": hostile, "image": hostile, "env": [{"name": "P", "value": SECRET}],
            "command": [SECRET], "args": [SECRET]}, {"name": hostile, "image": "evil/x:1"}],
            "imagePullSecrets": [{"name": SECRET}]},
    });
    let body = review(object, Value::Null);
    let secret = |data: Value| {
        changed(&[], |request| {
            request["kind"]["kind"] = "Secret".into();
            request["object"] = json!({"kind": "Secret", "metadata": {"name": "tls"}, "data": data});
        })
    };
    // A Secret whose values have unexpected types, one that is not complete, and a body that is nothing else.
    let mut cut = secret(json!({"tls.key": SECRET}));
    cut.truncate(cut.len() - 3);
    let bodies = [secret(json!([SECRET])), cut, SECRET.as_bytes().to_vec()];
    for (format, level) in [
        ("json", "debug"),
        ("json", "trace"),
        ("human", "debug"),
        ("human", "trace"),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let (_rules, server) = serve_with_format(directory.path(), level, format);
        for body in &bodies {
            server.post(body);
        }
        let answer = server.post(&body);
        let read = || fs::read_to_string(directory.path().join("log")).unwrap();
        eventually("the line of the review", || read().contains("denied"));
        let text = read();
        assert!(
            text.contains("evil/x:1") && text.contains("request rejected"),
            "{text}"
        );
        assert!(!text.contains(SECRET), "{text}");
        let is_hidden = |char: char| (char.is_control() && char != '\n') || char == '\u{202e}';
        assert!(!text.contains(is_hidden), "{format}: {text:?}");
        assert!(
            !text
                .lines()
                .any(|line| line.trim_start().starts_with("{\"message\":\"forged")),
            "{text}"
        );
        assert!(!answer.warnings().concat().contains(is_hidden));
        assert!(!answer.denial().unwrap().contains(is_hidden));
    }
}

#[test]
fn line_for_a_terminal_begins_with_object_outcome_and_rules_and_fits() {
    let directory = tempfile::tempdir().unwrap();
    let (_rules, server) = serve_with_format(directory.path(), "debug", "human");
    let named = |images: &[&str]| {
        let mut review: Value = serde_json::from_slice(&pod(images)).unwrap();
        review["request"]["uid"] = "0df28fbd-5f5f-11e8-bc74-36e6bb280816".into();
        review["request"]["namespace"] = "shop".into();
        review["request"]["name"] = "web-7d4f9c6b5d-x2x9p".into();
        review.to_string().into_bytes()
    };
    for images in [
        ["quay.io/x:1"].as_slice(),
        &["quay.io/x:1", "nginx", "Bad"],
        &["ghcr.io/x:1"],
        &["quay.io/many:1"; 40],
    ] {
        assert_eq!(server.post(&named(images)).status, 200);
    }
    server.post(b"nonsense");
    let read = || fs::read_to_string(directory.path().join("log")).unwrap();
    eventually("the lines", || read().contains("request rejected"));
    let text = read();
    // The command to try the webhook is to be copied.
    let (_, text) = text.split_once("curl ").unwrap();
    let (_, text) = text.split_once('\n').unwrap();
    assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
    let is_event = |line: &&str| !line.is_empty() && !line.starts_with(' ');
    let events: Vec<&str> = text.lines().filter(is_event).collect();
    assert!(
        events
            .iter()
            .all(|line| line[..9].ends_with('Z') && line.as_bytes()[2] == b':'),
        "{events:?}"
    );
    let reviews: Vec<&str> = events
        .iter()
        .filter_map(|line| line.split_once("INFO  shop/web-7d4f9c6b5d-x2x9p "))
        .map(|(_, rest)| rest)
        .collect();
    let starts = [
        "patched by 10-rules.rules swap quay.io/ -> h.example.com/quay/ CREATE Pod",
        "denied by 10-rules.rules swap quay.io/ -> h.example.com/quay/, pinned CREATE",
        "unchanged CREATE Pod images=1 swapped=0 duration_us=",
        "patched by 10-rules.rules swap quay.io/ -> h.example.com/quay/ CREATE Pod",
    ];
    assert_eq!(reviews.len(), starts.len(), "{text}");
    for (review, start) in reviews.iter().zip(starts) {
        assert!(review.starts_with(start), "{review}");
    }
    // The UID is last, and short.
    assert!(reviews[2].ends_with(" uid=0df28fbd"), "{text}");
    for detail in [
        "\n    imageswap: nginx of container c1 is denied by pinned: pin a version\n",
        "\n    deny: nginx of container c1 by pinned (10-rules.rules:2)\n    invalid-image: Bad of container c2\n    swap: quay.io/x:1 of ",
        " container c0 -> h.example.com/quay/x:1 by 10-rules.rules swap quay.io/ -> h.example.com/quay/\n      (10-rules.rules:5)\n",
        " images=40 swapped=40 more_details=20 ",
        "\n    swap: quay.io/many:1 of container c19 -> ",
    ] {
        assert!(
            text.contains(detail) || text.replace("\n    ", " ").contains(detail),
            "{detail}: {text}"
        );
    }
    assert!(
        events
            .last()
            .unwrap()
            .contains(" WARN  request rejected peer=127.0.0.1:"),
        "{text}"
    );
}

#[test]
fn dry_run_of_the_webhook_is_explained_in_its_own_words() {
    let rules = Volume::mount(&[("10-rules.rules", RULES.as_bytes())]);
    let server = Start::new(IMAGESWAP)
        .self_signed()
        .rules(rules.path())
        .args(["--dry-run", "--log-level", "debug"])
        .serve();
    let line = line_of(&server, pod(&["quay.io/x:1", "nginx"]));
    let reasons = line["details"]
        .as_array()
        .unwrap()
        .iter()
        .map(|image| &image["reason"]);
    assert_eq!(reasons.collect::<Vec<_>>(), ["would-deny", "would-swap"]);
    assert_eq!(
        line["denial"],
        "imageswap: would-deny (dry run): nginx of container c1 would be denied by pinned: pin a version"
    );
}

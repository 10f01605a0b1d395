//! Reviews of ConfigMaps: `POST /validate`.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imageswap_tests_support::webhook::{Answer, Server, Start, Volume, pod};
use serde_json::{Value, json};

use crate::IMAGESWAP;

const A: &str = "rules v1\nlet hub = harbor.example.com\nswap quay.io/ -> {hub}/quay/ as quay\n";
const B: &str = "rules v1\nkeep k8s.gcr.io/\n";

/// Returns a review of a ConfigMap with these keys of `data`.
pub(crate) fn review(operation: &str, old: Value, new: Value) -> Value {
    let object = |data: Value| match data {
        Value::Null => Value::Null,
        data => {
            json!({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "imageswap-rules"}, "data": data})
        }
    };
    json!({
        "kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": "u7", "kind": {"group": "", "version": "v1", "kind": "ConfigMap"},
            "name": "imageswap-rules", "namespace": "imageswap-system",
            "operation": operation, "object": object(new), "oldObject": object(old),
        },
    })
}

fn validate(server: &Server, review: &Value) -> Answer {
    server.connect().post("/validate", review.to_string().as_bytes())
}

fn update(server: &Server, old: Value, new: Value) -> Answer {
    validate(server, &review("UPDATE", old, new))
}

pub(crate) fn create(server: &Server, new: Value) -> Answer {
    validate(server, &review("CREATE", Value::Null, new))
}

pub(crate) fn serve(path: &Path) -> Server {
    Start::new(IMAGESWAP).self_signed().rules(path).serve()
}

pub(crate) fn mounted() -> (Volume, Server) {
    let rules = Volume::mount(&[("10-a.rules", A.as_bytes()), ("20-b.rules", B.as_bytes())]);
    let server = serve(rules.path());
    (rules, server)
}

#[test]
fn broken_config_map_is_denied_with_readable_findings() {
    let (_rules, server) = mounted();
    let broken = A.replace("{hub}", "{hubb}");
    let new = json!({"10-a.rules": broken, "20-b.rules": "rules v1\ndeny x when\n"});
    let message = update(&server, json!({"10-a.rules": A, "20-b.rules": B}), new)
        .denial()
        .unwrap();
    // The text is that of `imageswap check`, with the line numbers of the value.
    assert!(
        message.starts_with(
            "the rules of the ConfigMap do not load: 2 errors\n\n\
             error[E0104]: unknown placeholder `{hubb}`\n"
        ),
        "{message}"
    );
    for part in [
        "--> 10-a.rules:3:18\n",
        "\n3 | swap quay.io/ -> {hubb}/quay/ as quay\n",
        "--> 20-b.rules:2:",
    ] {
        assert!(message.contains(part), "{message}");
    }
    assert!(!message.contains('\u{1b}'), "{message}");
    assert_eq!(
        server.swap("quay.io/x").as_deref(),
        Some("harbor.example.com/quay/x")
    );
    let line = server.wait_for_log(|line| line["message"] == "validated");
    assert_eq!(
        (&line["outcome"], &line["name"], &line["kind"], &line["operation"]),
        (
            &json!("denied"),
            &json!("imageswap-rules"),
            &json!("ConfigMap"),
            &json!("UPDATE")
        )
    );
    assert!(
        line["error"]
            .as_str()
            .unwrap()
            .starts_with("10-a.rules:3:18: error[E0104]")
    );
}

#[test]
fn change_is_evaluated_with_the_other_files() {
    let (_rules, server) = mounted();
    // Only together with the other file, the two swaps form a cycle.
    let cycle = json!({"20-b.rules": "rules v1\nswap harbor.example.com/ -> quay.io/\n"});
    let message = update(&server, json!({"20-b.rules": B}), cycle.clone())
        .denial()
        .unwrap();
    assert!(
        message
            .starts_with("the rules of the ConfigMap do not load with the other files of the set: 1 error\n")
            && message.contains("/10-a.rules:3:1\n"),
        "{message}"
    );
    assert_eq!(
        create(&server, json!({"other.rules": cycle["20-b.rules"]})).denial(),
        None
    );
    // A removed key is gone from the set too.
    let gone = json!({"20-b.rules": cycle["20-b.rules"]});
    assert_eq!(
        update(&server, json!({"10-a.rules": A, "20-b.rules": B}), gone).denial(),
        None
    );
    // A new key is next to the others.
    let twice = json!({"10-a.rules": A, "30-c.rules": "rules v1\nkeep ghcr.io/ as quay\n"});
    let message = update(&server, json!({"10-a.rules": A}), twice).denial().unwrap();
    assert!(message.contains("--> 30-c.rules:2:"), "{message}");
}

#[test]
fn both_versions_of_reviews_are_answered() {
    let (_rules, server) = mounted();
    for version in ["admission.k8s.io/v1", "admission.k8s.io/v1beta1"] {
        for (text, is_allowed) in [(B, true), ("rules v1\nswop\n", false)] {
            let mut review = review("CREATE", Value::Null, json!({"x.rules": text}));
            review["apiVersion"] = version.into();
            let answer = validate(&server, &review).review();
            assert_eq!(answer["apiVersion"], version);
            assert_eq!(
                (&answer["response"]["uid"], &answer["response"]["allowed"]),
                (&json!("u7"), &json!(is_allowed))
            );
            assert_eq!(answer["response"]["patch"], Value::Null);
            assert_eq!(answer["response"]["auditAnnotations"]["digest"], server.digest());
        }
    }
}

#[test]
fn change_from_rules_to_none_is_denied() {
    let (_rules, server) = mounted();
    let old = json!({"10-a.rules": A, "20-b.rules": B});
    for new in [
        json!({}),
        json!({"10.rule": A}),
        json!({"note": "x"}),
        json!({"maps": "<html>"}),
    ] {
        let message = update(&server, old.clone(), new.clone()).denial().unwrap();
        assert!(
            message.contains("write `rules v1` alone, or the single line `default::` in a map"),
            "{message}"
        );
        if new.get("10.rule").is_some() {
            assert!(message.contains("\nthe key 10.rule is ignored: "), "{message}");
        }
    }
    for new in [
        json!({"10-a.rules": "rules v1\n"}),
        json!({"maps": "default::\n"}),
    ] {
        assert_eq!(update(&server, old.clone(), new).denial(), None);
    }
    // Also for a ConfigMap of which the set has nothing.
    let alone = json!({"x.rules": "rules v1\nkeep ghcr.io/\n"});
    assert!(
        update(&server, alone.clone(), json!({"x.rule": B}))
            .denial()
            .is_some()
    );
    assert_eq!(
        update(&server, alone, json!({"x.rules": "rules v1"})).denial(),
        None
    );
    // One that never had rules loses none.
    let answer = create(&server, json!({}));
    assert_eq!(answer.warnings(), ["imageswap: the ConfigMap has no rules"]);
    assert_eq!(
        update(&server, json!({"a": "b"}), json!({"a": "c"})).denial(),
        None
    );
}

#[test]
fn empty_installation_takes_its_first_rules() {
    let rules = Volume::mount(&[]);
    let server = serve(rules.path());
    assert_eq!(create(&server, json!({"10-a.rules": A})).denial(), None);
    assert_eq!(
        update(&server, json!({}), json!({"10-a.rules": A})).denial(),
        None
    );
    assert!(create(&server, json!({"10-a.rules": "swap"})).denial().is_some());
}

#[test]
fn binary_data_is_read_as_the_file_that_it_becomes() {
    let (_rules, server) = mounted();
    let with = |bytes: &[u8]| {
        let mut review = review("CREATE", Value::Null, json!({}));
        review["request"]["object"]["binaryData"] = json!({"10-a.rules": STANDARD.encode(bytes)});
        validate(&server, &review).denial()
    };
    assert_eq!(with(A.as_bytes()), None);
    assert!(
        with(b"rules v1\nswop\n")
            .unwrap()
            .contains("--> 10-a.rules:2:1\n")
    );
    let message = with(b"rules v1\n\xff\n").unwrap();
    assert!(message.contains("line 2 is not UTF-8"), "{message}");
}

#[test]
fn what_changes_no_rules_is_allowed() {
    let (_rules, server) = mounted();
    let broken = json!({"10-a.rules": "broken"});
    let immutable = |mut review: Value| {
        review["request"]["object"]["immutable"] = true.into();
        review["request"]["object"]["metadata"]["labels"] = json!({"a": "b"});
        review
    };
    let mut secret = review("CREATE", Value::Null, broken.clone());
    secret["request"]["kind"]["kind"] = "Secret".into();
    for review in [
        review("DELETE", broken.clone(), Value::Null),
        review("CREATE", Value::Null, Value::Null),
        // The repair of a broken ConfigMap can begin with an edit of its labels.
        immutable(review("UPDATE", broken.clone(), broken.clone())),
        secret,
        serde_json::from_slice(&pod(&["quay.io/x"])).unwrap(),
    ] {
        let answer = validate(&server, &review).review();
        let response = &answer["response"];
        assert_eq!(
            (&response["allowed"], &response["patch"]),
            (&json!(true), &Value::Null)
        );
        assert_eq!(response["warnings"], Value::Null);
    }
    // An immutable ConfigMap is evaluated when it is made.
    let answer = validate(&server, &immutable(review("CREATE", Value::Null, broken)));
    assert!(answer.denial().is_some());
}

#[test]
fn warnings_of_the_check_are_short_warnings() {
    let (_rules, server) = mounted();
    let doubled = format!("{A}swap quay.io/x/ -> h.example.com/\n");
    let new = json!({"10-a.rules": doubled, "10-a.rule": "x"});
    let answer = update(&server, json!({"10-a.rules": A}), new);
    assert_eq!(answer.denial(), None);
    let warnings = answer.warnings();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].starts_with("imageswap: the key 10-a.rule is ignored: "));
    assert!(
        warnings[1].starts_with("imageswap: 10-a.rules:4:1: warning[never-fires]: "),
        "{warnings:?}"
    );
    for warning in warnings {
        assert!(
            warning.chars().count() <= 256 && !warning.contains('\n'),
            "{warning}"
        );
    }
}

#[test]
fn map_of_the_drop_in_is_validated() {
    let maps = Volume::mount(&[("imageswap-maps.conf", b"default::\nquay.io::h.example.com/q\n")]);
    let server = Start::new(IMAGESWAP)
        .self_signed()
        .args(["--maps-file", maps.file("imageswap-maps.conf").to_str().unwrap()])
        .serve();
    let old = json!({"maps": "default::\nquay.io::h.example.com/q\n"});
    let of = |text: &str| update(&server, old.clone(), json!({"maps": text}));
    assert_eq!(of("default::\nquay.io::h.example.com/r\n").denial(), None);
    assert_eq!(of("rules v1\nkeep quay.io/\n").denial(), None);
    let message = of("swap quay.io/ -> h.example.com/\n").denial().unwrap();
    assert!(
        message.contains("--> maps:1:1\n") && message.contains("rules v1"),
        "{message}"
    );
    assert!(of("# nothing\n").denial().is_some());
    let prefix = Start::new(IMAGESWAP)
        .self_signed()
        .prefix("h.example.com/x")
        .serve();
    assert!(create(&prefix, json!({"a.rules": "x"})).denial().is_some());
    assert_eq!(create(&prefix, json!({"a.rules": B})).denial(), None);
}

#[test]
fn validations_are_counted_apart_from_pods() {
    let (_rules, server) = mounted();
    create(&server, json!({"x.rules": B}));
    create(&server, json!({"x.rules": "x"}));
    validate(&server, &review("DELETE", json!({}), Value::Null));
    server.connect().post("/validate", b"{}");
    let count = |labels: &str| server.metric("imageswap_requests_total", labels);
    assert_eq!(
        count("kind=\"ConfigMap\",operation=\"CREATE\",outcome=\"unchanged\""),
        1.0
    );
    assert_eq!(
        count("kind=\"ConfigMap\",operation=\"CREATE\",outcome=\"denied\""),
        1.0
    );
    assert_eq!(
        count("kind=\"ConfigMap\",operation=\"DELETE\",outcome=\"skipped\""),
        1.0
    );
    assert_eq!(count("outcome=\"malformed\""), 1.0);
    assert_eq!(server.metric("imageswap_request_duration_seconds_count", ""), 0.0);
}

#[test]
fn bad_requests_get_one_line_and_no_5xx() {
    let (_rules, server) = mounted();
    let mut connection = server.connect();
    let answer = connection.post("/validate", b"");
    let line = "imageswap: the body is empty, expected an AdmissionReview in JSON\n";
    assert_eq!((answer.status, answer.text().as_str()), (400, line));
    let answer = connection.get("/validate");
    let line = "imageswap: GET is not allowed at /validate; send reviews with POST\n";
    assert_eq!((answer.status, answer.text().as_str()), (405, line));
    assert_eq!(
        server
            .connect()
            .post("/validate", &vec![b' '; (8 << 20) + 1])
            .status,
        413
    );
    for object in [
        Value::Null,
        json!(1),
        json!({"data": 5}),
        json!({"data": {"a.rules": 5}, "binaryData": {"x": "?"}}),
    ] {
        let mut review = review("CREATE", Value::Null, json!({}));
        review["request"]["object"] = object;
        assert_eq!(validate(&server, &review).denial(), None);
    }
}

//! The break-glass label of workloads: `POST /break-glass`, and warnings about values without an effect.

use imageswap_tests_support::webhook::{Answer, Server, Start, post_plain};
use serde_json::{Value, json};

use crate::IMAGESWAP;

const KEY: &str = "k8s.twr.io/imageswap";
const WARNING: &str = "imageswap: the label k8s.twr.io/imageswap=Disabled has no effect; to keep the original images, set \
                       k8s.twr.io/imageswap=disabled";

fn review(group: &str, kind: &str, operation: &str, object: Value, old: Value) -> Vec<u8> {
    json!({
        "kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": "u7", "kind": {"group": group, "version": "v1", "kind": kind}, "name": "web", "namespace": "team-a",
            "operation": operation, "object": object, "oldObject": old,
        },
    })
    .to_string()
    .into_bytes()
}

/// Returns a Deployment with these labels of its own and of its template.
fn deployment(labels: &Value, of_template: &Value) -> Value {
    json!({
        "metadata": {"name": "web", "labels": labels},
        "spec": {"template": {
            "metadata": {"labels": of_template}, "spec": {"containers": [{"name": "web", "image": "nginx"}]},
        }},
    })
}

fn post(server: &Server, review: &[u8]) -> Answer {
    server.connect().post("/break-glass", review)
}

fn update(server: &Server, new: Value, old: Value) -> Answer {
    post(server, &review("apps", "Deployment", "UPDATE", new, old))
}

#[test]
fn label_of_a_workload_is_carried_to_its_template() {
    let server = Server::start(IMAGESWAP);
    let off = deployment(&json!({}), &json!({"app": "web"}));
    let on = deployment(&json!({KEY: "disabled"}), &json!({"app": "web"}));
    let path = "/spec/template/metadata/labels/k8s.twr.io~1imageswap";
    let add = json!({"op": "add", "path": path, "value": "disabled"});
    let answer = update(&server, on.clone(), off.clone());
    assert_eq!(answer.operations(), [add]);
    let response = &answer.review()["response"];
    assert_eq!(
        (&response["uid"], &response["auditAnnotations"]["digest"]),
        (&json!("u7"), &json!(server.digest()))
    );
    assert!(answer.head.contains("application/json"), "{}", answer.head);

    let both = json!({"app": "web", KEY: "disabled"});
    let removed = deployment(&json!({}), &both);
    let answer = update(&server, removed, deployment(&json!({KEY: "disabled"}), &both));
    assert_eq!(answer.operations(), [json!({"op": "remove", "path": path})]);

    // Where nothing changes, there is no patch.
    let same = deployment(&json!({KEY: "disabled"}), &both);
    assert_eq!(update(&server, same.clone(), same).operations(), [Value::Null; 0]);

    let line = |label: &str| {
        let is_it = |line: &Value| line["template_label"] == label;
        server.wait_for_log(is_it)
    };
    for label in ["add", "remove"] {
        let line = line(label);
        assert_eq!(line["message"], "break-glass label reviewed");
        assert_eq!(
            (
                &line["outcome"],
                &line["kind"],
                &line["namespace"],
                &line["name"],
                &line["uid"]
            ),
            (
                &json!("patched"),
                &json!("Deployment"),
                &json!("team-a"),
                &json!("web"),
                &json!("u7")
            )
        );
    }
    let count = |outcome: &str| {
        let labels = format!("kind=\"Deployment\",operation=\"UPDATE\",outcome=\"{outcome}\"");
        server.metric("imageswap_requests_total", &labels)
    };
    assert_eq!((count("patched"), count("unchanged")), (2.0, 1.0));
    assert_eq!(server.metric("imageswap_images_skipped_total", ""), 0.0);
}

#[test]
fn label_is_that_of_the_option() {
    let start = Start::new(IMAGESWAP)
        .self_signed()
        .env("IMAGESWAP_DISABLE_LABEL", "example.com/off");
    let server = start.map("default::\n").serve();
    let object = json!({
        "metadata": {"labels": {"example.com/off": "disabled", KEY: "true"}},
        "spec": {"jobTemplate": {"spec": {"template": {"metadata": null}}}},
    });
    let answer = post(
        &server,
        &review("batch", "CronJob", "CREATE", object, Value::Null),
    );
    assert_eq!(
        answer.operations(),
        [
            json!({"op": "add", "path": "/spec/jobTemplate/spec/template/metadata", "value": {"labels":
            {"example.com/off": "disabled"}}})
        ]
    );
    assert_eq!(answer.warnings(), [""; 0]);
}

#[test]
fn dry_run_carries_nothing() {
    let server = Start::new(IMAGESWAP)
        .self_signed()
        .map("default::\n")
        .args(["--dry-run"])
        .serve();
    let on = deployment(&json!({KEY: "disabled"}), &json!({}));
    let answer = post(&server, &review("apps", "Deployment", "CREATE", on, Value::Null));
    assert_eq!(answer.operations(), [Value::Null; 0]);
    assert_eq!(
        answer.warnings(),
        ["imageswap: the pod template would get the label k8s.twr.io/imageswap=disabled (dry run)"]
    );
}

#[test]
fn near_miss_of_the_label_is_warned_about() {
    let server = Server::start(IMAGESWAP);
    let [off, miss] =
        [json!({}), json!({KEY: "Disabled"})].map(|labels| deployment(&labels, &json!({"app": "web"})));
    let answer = update(&server, miss.clone(), off);
    assert_eq!(
        (answer.warnings(), answer.operations()),
        (vec![WARNING.to_owned()], Vec::new())
    );
    assert_eq!(
        update(&server, miss.clone(), miss.clone()).warnings(),
        [""; 0],
        "nothing is new"
    );

    // A Pod is evaluated, with the same warning. A template has a label of its own.
    let pod = |value: &str| {
        let object = json!({
            "metadata": {"labels": {KEY: value}}, "spec": {"containers": [{"name": "web", "image": "nginx"}]},
        });
        server.post(&review("", "Pod", "CREATE", object, Value::Null))
    };
    let answer = pod("Disabled");
    assert_eq!(answer.warnings(), [WARNING]);
    assert_eq!(answer.images(), ["mirror.example.com/hub/nginx"]);
    for value in ["false", "true"] {
        assert_eq!(
            pod(value).warnings(),
            [WARNING.replace("=Disabled", &format!("={value}"))]
        );
    }
    assert_eq!(pod("enabled").warnings(), [""; 0]);
    let answer = pod("disabled");
    assert_eq!((answer.warnings(), answer.images()), (Vec::new(), Vec::new()));
    for (labels, of_template) in [
        (json!({}), json!({KEY: "Disabled"})),
        (json!({KEY: "Disabled"}), json!({})),
    ] {
        let object = deployment(&labels, &of_template);
        let review = |old| review("apps", "Deployment", "UPDATE", object.clone(), old);
        let old = deployment(&json!({}), &json!({}));
        assert_eq!(server.post(&review(old)).warnings(), [WARNING]);
        assert_eq!(server.post(&review(object.clone())).warnings(), [""; 0]);
    }
}

#[test]
fn any_review_has_an_answer_without_a_server_error() {
    let server = Server::start(IMAGESWAP);
    let mut connection = server.connect();
    let on = deployment(&json!({KEY: "disabled"}), &json!({}));
    let mut padded = on.clone();
    padded["metadata"]["annotations"] = json!({"long": "x".repeat(2 << 20)});
    for (object, old) in [
        (Value::Null, Value::Null),
        (json!([]), json!("text")),
        (json!({"spec": null, "metadata": null}), json!(7)),
        (
            json!({"spec": {"template": []}, "metadata": {"labels": 7}}),
            json!({}),
        ),
        (padded, on.clone()),
    ] {
        for (group, kind) in [
            ("apps", "Deployment"),
            ("batch", "CronJob"),
            ("", "Pod"),
            ("autoscaling", "Scale"),
        ] {
            for operation in ["CREATE", "UPDATE", "DELETE", "CONNECT", ""] {
                let body = review(group, kind, operation, object.clone(), old.clone());
                let answer = connection.post("/break-glass?timeout=5s", &body);
                assert_eq!(answer.denial(), None, "{kind} {operation}");
            }
        }
    }
    for (body, line) in [
        (&b""[..], "imageswap: the body is empty"),
        (b"{", "imageswap: the body is not valid JSON"),
        (b"\xff", "imageswap: the body is not UTF-8"),
        (
            br#"{"kind":"Deployment"}"#,
            "imageswap: the body is of kind `Deployment`",
        ),
    ] {
        let answer = connection.post("/break-glass", body);
        assert_eq!(answer.status, 400);
        assert!(answer.text().starts_with(line), "{}", answer.text());
    }
    let answer = connection.get("/break-glass");
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (
            405,
            "imageswap: GET is not allowed at /break-glass; send reviews with POST\n"
        )
    );
    let body = String::from_utf8(review("apps", "Deployment", "CREATE", on, Value::Null)).unwrap();
    let answer = post_plain(server.http_address, "/break-glass", &body).unwrap();
    assert_eq!(answer.status, 404);
    assert_eq!(
        server.metric("imageswap_requests_total", "outcome=\"malformed\""),
        4.0
    );
}

//! Effects of rules on the answer: denials, warnings, pull secrets, and the condition `hook`.

use imageswap_tests_support::webhook::{Answer, Server, Start, Volume, pod};
use serde_json::{Value, json};

use crate::IMAGESWAP;

/// Starts the webhook with rules, which are read before it serves.
pub(crate) fn serve(text: &str) -> Server {
    start(text, Start::new(IMAGESWAP))
}

/// Starts the webhook with the rules of one file.
pub(crate) fn start(text: &str, start: Start) -> Server {
    let rules = Volume::mount(&[("10-rules.rules", text.as_bytes())]);
    start.self_signed().rules(rules.path()).serve()
}

/// Returns a review of a Pod with these images, after a change.
pub(crate) fn changed(images: &[&str], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut review: Value = serde_json::from_slice(&pod(images)).unwrap();
    change(&mut review["request"]);
    review.to_string().into_bytes()
}

#[test]
fn hook_condition_matches_the_entry() {
    let server = serve(
        "rules v1\n\
         swap quay.io/ -> canary.example.com/ when hook canary, early-*\n\
         swap quay.io/ -> h.example.com/ when hook *\n",
    );
    let mut connection = server.connect();
    let mut swap = |path: &str| connection.post(path, &pod(&["quay.io/x"])).images().pop();
    let some = |image: &str| Some(image.to_owned());
    assert_eq!(swap("/"), None, "there is no hook");
    assert_eq!(swap("/hook/canary"), some("canary.example.com/x"));
    assert_eq!(swap("/hook/early-1?timeout=5s"), some("canary.example.com/x"));
    assert_eq!(swap("/hook/another"), some("h.example.com/x"));
    assert_eq!(swap("/hook/Canary"), some("h.example.com/x"), "case matters");
    assert_eq!(swap("/hook/can%61ry"), some("canary.example.com/x"));
    for path in ["/hook", "/hook/", "/hook/a/b"] {
        let status = connection.post(path, &pod(&["quay.io/x"])).status;
        assert_eq!(status, 404, "{path}");
    }
}

#[test]
fn denial_names_each_image_container_rule_and_reason() {
    let server = serve(
        "rules v1\n\
         let page = https://example.com/pins\n\
         deny **:latest because \"pin a \\\"version\\\": {page}\" as pinned\n\
         deny docker.io/evil/\n\
         swap quay.io/ -> h.example.com/\n",
    );
    let answer = server.post(&pod(&[
        "nginx",
        "quay.io/x:1",
        "evil/x:1",
        "quay.io/y",
        "busybox:1",
    ]));
    assert_eq!(
        answer.denial().unwrap(),
        "imageswap: nginx of container c0 is denied by pinned: pin a \"version\": https://example.com/pins\n\
         imageswap: evil/x:1 of container c2 is denied by 10-rules.rules:4\n\
         imageswap: quay.io/y of container c3 is denied by pinned: pin a \"version\": https://example.com/pins"
    );
    let review = answer.review();
    assert_eq!(
        review["response"]["auditAnnotations"]["rules"],
        "pinned,10-rules.rules:5,10-rules.rules:4"
    );
    assert_eq!(review["response"]["auditAnnotations"]["digest"], server.digest());
    assert_eq!(
        server.metric("imageswap_requests_total", "outcome=\"denied\""),
        1.0
    );
}

#[test]
fn warn_rule_warns_once_per_image_and_later_rules_decide() {
    let server = serve(
        "rules v1\n\
         warn quay.io/ because \"quay.io goes away in May\"\n\
         warn **:latest as floating\n\
         swap quay.io/ -> h.example.com/\n\
         deny docker.io/evil/ as evil\n",
    );
    let answer = server.post(&pod(&["quay.io/x", "quay.io/y:1", "h.example.com/z:1"]));
    assert_eq!(
        answer.warnings(),
        [
            "imageswap: quay.io/x of container c0 matches the warning 10-rules.rules:2: quay.io goes away in May",
            "imageswap: quay.io/x of container c0 matches the warning floating",
            "imageswap: quay.io/y:1 of container c1 matches the warning 10-rules.rules:2: quay.io goes away in May",
        ]
    );
    assert_eq!(answer.images(), ["h.example.com/x", "h.example.com/y:1"]);
    assert_eq!(answer.denial(), None);
    // The caller gets the warning also with a denial.
    let answer = server.post(&pod(&["evil/x"]));
    assert_eq!(
        answer.warnings(),
        ["imageswap: evil/x of container c0 matches the warning floating"]
    );
    assert_eq!(
        answer.denial().unwrap(),
        "imageswap: evil/x of container c0 is denied by evil"
    );
}

#[test]
fn invalid_result_keeps_the_image_with_a_warning() {
    let server = serve("rules v1\nswap *.example.org/** -> h.example.com/{tag}/{name} pull-secret s\n");
    let answer = server.post(&pod(&["a.example.org/x:v-", "Bad"]));
    assert_eq!(answer.operations(), [Value::Null; 0]);
    let warnings = answer.warnings();
    assert_eq!(
        warnings[0],
        "imageswap: a.example.org/x:v- of container c0 is not changed: the rules produce \
         `h.example.com/v-/x:v-`, which is not a valid image"
    );
    assert!(
        warnings[1].starts_with("imageswap: Bad of container c1 is not a valid image, so it is not changed"),
        "{warnings:?}"
    );
    assert_eq!(warnings.len(), 2);
    for reason in ["invalid-result", "invalid-image"] {
        let label = format!("reason=\"{reason}\"");
        assert_eq!(server.metric("imageswap_images_skipped_total", &label), 1.0);
    }
}

/// Returns the operations on pull secrets.
fn secrets(answer: &Answer) -> Vec<Value> {
    let is_of_secrets = |operation: &Value| operation["path"].as_str().unwrap().contains("imagePullSecrets");
    answer.operations().into_iter().filter(is_of_secrets).collect()
}

#[test]
fn pull_secrets_are_added_only_to_new_pods() {
    let server = serve(
        "rules v1\n\
         swap quay.io/ -> h.example.com/quay/ pull-secret one\n\
         swap gcr.io/ -> quay.io/gcr/ pull-secret two\n\
         keep h.example.com/ pull-secret three\n\
         deny docker.io/evil/\n",
    );
    let mut connection = server.connect();
    let mut send = |body: Vec<u8>| connection.post("/", &body);
    let list = |names: &[&str]| names.iter().map(|name| json!({"name": name})).collect::<Value>();
    let add = |name: &str| json!({"op": "add", "path": "/spec/imagePullSecrets/-", "value": {"name": name}});
    let first =
        |name: &str| json!({"op": "add", "path": "/spec/imagePullSecrets", "value": [{"name": name}]});

    // The secrets of all rounds are added in order, with those of the last rule.
    let answer = send(pod(&["gcr.io/x", "quay.io/y"]));
    assert_eq!(secrets(&answer), [first("two"), add("one"), add("three")]);
    // A kept image can need a secret, without any other change.
    let answer = send(pod(&["h.example.com/x"]));
    assert_eq!(answer.operations(), [first("three")]);
    let answer = send(changed(&["quay.io/x"], |request| {
        request["object"]["spec"]["imagePullSecrets"] = list(&["own", "one"]);
    }));
    assert_eq!(secrets(&answer), [add("three")]);
    let answer = send(changed(&["quay.io/x"], |request| {
        request["object"]["spec"]["imagePullSecrets"] = list(&["three", "one"]);
    }));
    assert_eq!((secrets(&answer).len(), answer.operations().len()), (0, 1));

    // The API server rejects new secrets in an existing Pod.
    let answer = send(changed(&["quay.io/x"], |request| {
        request["operation"] = "UPDATE".into();
        request["oldObject"] = request["object"].clone();
        request["oldObject"]["spec"]["containers"][0]["image"] = "quay.io/old".into();
    }));
    assert_eq!(
        (secrets(&answer).len(), answer.images()),
        (0, vec!["h.example.com/quay/x".to_owned()])
    );
    // Secrets in a template would replace those of the service account.
    let answer = send(changed(&["quay.io/x"], |request| {
        request["kind"] = json!({"group": "apps", "version": "v1", "kind": "Deployment"});
        let pod = request["object"].take();
        request["object"] = json!({"metadata": {"name": "web"}, "spec": {"template": pod}});
    }));
    assert_eq!((secrets(&answer).len(), answer.operations().len()), (0, 1));
    // A denied object pulls no image.
    let answer = send(pod(&["quay.io/x", "evil/x"]));
    assert!(answer.denial().is_some());
}

#[test]
fn dry_run_denies_and_changes_nothing_and_warns() {
    const RULES: &str = "rules v1\n\
         deny docker.io/evil/ because \"it is evil\" as evil\n\
         warn **:latest as floating\n\
         swap quay.io/ -> h.example.com/ pull-secret s\n";
    let server = start(RULES, Start::new(IMAGESWAP).args(["--dry-run"]));
    let answer = server.post(&pod(&["evil/x:1", "quay.io/y", "ghcr.io/z:1"]));
    assert_eq!((answer.denial(), answer.operations().len()), (None, 0));
    assert_eq!(
        answer.warnings(),
        [
            "imageswap: would-deny (dry run): evil/x:1 of container c0 would be denied by evil: it is evil",
            "imageswap: quay.io/y of container c1 matches the warning floating",
            "imageswap: would-swap (dry run): quay.io/y of container c1 would become h.example.com/y",
            "imageswap: would-swap (dry run): the pull secret s would be added",
        ]
    );
    let review = answer.review();
    assert_eq!(
        review["response"]["auditAnnotations"]["rules"],
        "evil,floating,10-rules.rules:4"
    );
    // Nothing counts as a real change.
    for (effect, rule, count) in [
        ("would-deny", "evil", 1.0),
        ("deny", "evil", 0.0),
        ("would-swap", "10-rules.rules swap quay.io/", 1.0),
        ("swap", "10-rules.rules swap quay.io/", 0.0),
        ("keep", "(none)", 1.0),
    ] {
        let label = format!("effect=\"{effect}\",rule=\"{rule}");
        assert_eq!(server.metric("imageswap_images_total", &label), count, "{label}");
    }
    let line = server.wait_for_log(|line| line["message"] == "reviewed");
    assert_eq!(
        (&line["outcome"], &line["swapped"]),
        (&"would-deny".into(), &0.into())
    );
    // The outcome is that of the webhook without the dry run.
    for (images, outcome, really) in [
        (vec!["quay.io/y:1"], "would-swap", "patched"),
        (vec!["evil/x:1"], "would-deny", "denied"),
        (vec!["ghcr.io/z:1"], "unchanged", "unchanged"),
    ] {
        let real = start(RULES, Start::new(IMAGESWAP));
        let count = |server: &Server, outcome: &str| {
            server.metric("imageswap_requests_total", &format!("outcome=\"{outcome}\""))
        };
        let before = count(&server, outcome);
        server.post(&pod(&images));
        real.post(&pod(&images));
        assert_eq!(
            (count(&server, outcome) - before, count(&real, really)),
            (1.0, 1.0),
            "{outcome}"
        );
    }
    for outcome in ["patched", "denied"] {
        let label = format!("outcome=\"{outcome}\"");
        assert_eq!(
            server.metric("imageswap_requests_total", &label),
            0.0,
            "{outcome}"
        );
    }
    assert_eq!(server.metric("imageswap_dry_run", ""), 1.0);
    assert_eq!(serve(RULES).metric("imageswap_dry_run", ""), 0.0);
}

#[test]
fn dry_run_reports_a_patch_without_a_swap() {
    let rules = "rules v1\nkeep quay.io/ pull-secret s\n";
    let server = start(rules, Start::new(IMAGESWAP).args(["--dry-run"]));
    let answer = server.post(&pod(&["quay.io/x"]));
    assert_eq!(
        answer.warnings(),
        ["imageswap: would-swap (dry run): the pull secret s would be added"]
    );
    let label = "outcome=\"would-swap\"";
    assert_eq!(server.metric("imageswap_requests_total", label), 1.0);
    // The rule keeps the image.
    assert_eq!(server.metric("imageswap_images_total", "effect=\"keep\""), 1.0);
    assert_eq!(
        server.metric("imageswap_images_total", "effect=\"would-swap\""),
        0.0
    );
}

#[test]
fn dry_run_of_the_caller_counts_as_a_request_and_no_images() {
    let server = serve("rules v1\ndeny docker.io/evil/\nswap quay.io/ -> h.example.com/\n");
    let dry = changed(&["quay.io/x", "ghcr.io/x", "Bad"], |request| {
        request["dryRun"] = true.into()
    });
    // The caller gets the real answer.
    assert_eq!(server.post(&dry).images(), ["h.example.com/x"]);
    let denied = changed(&["evil/x"], |request| request["dryRun"] = true.into());
    assert!(server.post(&denied).denial().is_some());
    let count = |label: &str| server.metric("imageswap_requests_total", label);
    assert_eq!(count("dry_run=\"true\""), 2.0);
    assert_eq!(count("dry_run=\"false\""), 0.0);
    let images =
        || server.metric("imageswap_images_total", "") + server.metric("imageswap_images_skipped_total", "");
    assert_eq!(images(), 0.0);
    server.post(&pod(&["quay.io/x", "ghcr.io/x", "Bad"]));
    assert_eq!((count("dry_run=\"false\""), images()), (1.0, 3.0));
}

#[test]
fn object_with_break_glass_label_is_not_denied() {
    let server = serve("rules v1\ndeny ** because \"nothing runs here\"\n");
    assert!(server.post(&pod(&["nginx"])).denial().is_some());
    let answer = server.post(&changed(&["nginx"], |request| {
        request["object"]["metadata"]["labels"] = json!({"k8s.twr.io/imageswap": "disabled"});
    }));
    assert_eq!((answer.denial(), answer.warnings().len()), (None, 0));
    assert_eq!(
        answer.review()["response"]["auditAnnotations"]["rules"],
        Value::Null
    );
}

#[test]
fn update_is_not_denied_for_unchanged_images() {
    let server = serve("rules v1\ndeny quay.io/ as quay\n");
    let update = |old: &[&str], new: &[&str]| {
        changed(new, |request| {
            request["operation"] = "UPDATE".into();
            let old: Value = serde_json::from_slice(&pod(old)).unwrap();
            request["oldObject"] = old["request"]["object"].clone();
        })
    };
    let same = server.post(&update(&["quay.io/x", "a"], &["quay.io/x", "b"]));
    assert_eq!(same.denial(), None);
    let new = server.post(&update(&["quay.io/x", "a"], &["quay.io/x", "quay.io/y"]));
    assert_eq!(
        new.denial().unwrap(),
        "imageswap: quay.io/y of container c1 is denied by quay"
    );
}

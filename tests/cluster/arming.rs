//! Arming: no order of installation blocks a Pod, nothing that others change in the webhook configurations lasts, and
//! the deletion of the Namespace leaves nothing that blocks a Pod.

use std::io::{self, Write as _};
use std::thread;
use std::time::{Duration, Instant};

use imageswap_tests_support::repository;
use imageswap_tests_support::webhook::{ControlPlane, Node};
use serde_json::{Value, json};

use super::asked;
use super::forms::{KUSTOMIZE, RULES, commands, prepare, run, set_rules};
use super::install::{SWAPPED, cluster, wait_until_it_swaps};
use super::load::{Created, Load};
use super::objects::{
    CONFIGURATIONS, MUTATING, VALIDATING, configuration, object, readyz, time_after, version, webhooks,
};

/// Orders of installation: steps, each with the files of `deploy/base` that it applies.
const ORDERS: [(&str, &[&[&str]]); 5] = [
    (
        "configurations first, Deployment last",
        &[
            &CONFIGURATIONS,
            &["namespace"],
            &OTHERS,
            &RIGHTS,
            &["webhooks", "service"],
            &["deployment"],
        ],
    ),
    (
        "entries last",
        &[
            &["namespace"],
            &OTHERS,
            &RIGHTS,
            &["service"],
            &CONFIGURATIONS,
            &["deployment"],
            &["webhooks"],
        ],
    ),
    (
        "configurations last",
        &[
            &["namespace"],
            &OTHERS,
            &RIGHTS,
            &["webhooks", "service"],
            &["deployment"],
            &CONFIGURATIONS,
        ],
    ),
    (
        "rights last",
        &[
            &["namespace"],
            &CONFIGURATIONS,
            &OTHERS,
            &["webhooks", "service"],
            &["deployment"],
            &RIGHTS,
        ],
    ),
    (
        "Service last",
        &[
            &["namespace"],
            &CONFIGURATIONS,
            &OTHERS,
            &RIGHTS,
            &["webhooks"],
            &["deployment"],
            &["service"],
        ],
    ),
];
const RIGHTS: [&str; 4] = ["clusterrole", "clusterrolebinding", "role", "rolebinding"];
const OTHERS: [&str; 6] = [
    "horizontalpodautoscaler",
    "serviceaccount",
    "secret",
    "last-good",
    "networkpolicy",
    "poddisruptionbudget",
];

fn logs(node: &Node) -> String {
    node.logs().into_values().collect()
}

/// Returns the messages of Pods that were not created.
fn blocked(created: &Created) -> Vec<&String> {
    let failures = created.failures.iter();
    failures
        .filter(|failure| !failure.starts_with("not swapped"))
        .collect()
}

/// Writes the numbers to the log of the tests, past the test harness.
fn log(event: &str, created: &Created) {
    let blocked = blocked(created).len();
    let _ = writeln!(
        io::stderr(),
        "{event}: {} Pods swapped, {} not swapped, {blocked} not created",
        created.swapped,
        created.failures.len() - blocked
    );
}

/// Waits until both configurations have their entries, and a Pod is swapped.
fn wait_until_armed(plane: &ControlPlane, node: &Node) {
    plane.wait("both armed configurations", |_| {
        CONFIGURATIONS.iter().all(|kind| webhooks(node, kind).is_array())
    });
    plane.wait("the swap", |plane| {
        asked(plane, "default", "nginx:1.25").as_deref() == Some(SWAPPED)
    });
}

/// Changes the text of a key of the ConfigMap with the entries, and returns the time until a condition is true.
#[track_caller]
fn time_after_edit(
    plane: &ControlPlane,
    key: &str,
    edit: impl Fn(&str) -> String,
    is_so: impl FnMut() -> bool,
) -> Duration {
    let map = object(plane, "configmap/imageswap-webhooks");
    let text = edit(map["data"][key].as_str().unwrap());
    let line = "kubectl patch configmap imageswap-webhooks -n imageswap-system --type=merge";
    time_after(plane, line, &json!({"data": {key: text}}), is_so)
}

#[test]
fn no_order_of_installation_and_no_uninstallation_blocks_a_pod() {
    let Some((plane, node)) = cluster() else { return };
    prepare(&plane, None);
    for (order, steps) in ORDERS {
        let load = Load::start(node.api);
        for files in steps {
            let files: String = files
                .iter()
                .map(|file| format!(" -f deploy/base/{file}.yaml"))
                .collect();
            plane.succeed(&format!("kubectl apply{files}"));
            if files.contains("namespace") {
                set_rules(&plane, RULES);
            }
            // Long enough for a replica that starts, and for the retries of one that misses something.
            thread::sleep(Duration::from_secs(2));
        }
        let started = Instant::now();
        wait_until_armed(&plane, &node);
        let seconds = started.elapsed().as_secs_f64();
        let created = load.end();
        log(&format!("{order}: armed after {seconds:.1} s"), &created);
        assert_eq!(blocked(&created), Vec::<&String>::new(), "{order}");

        plane.wait("two ready replicas", |_| node.ready() == 2);
        let load = Load::start(node.api);
        thread::sleep(Duration::from_secs(1));
        plane.succeed("kubectl delete namespace imageswap-system --timeout=120s");
        plane.wait("the end of the configurations", |_| {
            CONFIGURATIONS
                .iter()
                .all(|kind| configuration(&node, kind).is_none())
        });
        let created = load.end();
        log("the namespace is deleted", &created);
        assert_eq!(blocked(&created), Vec::<&String>::new(), "{order}");
        assert!(created.swapped > 10, "{created:?}");
        assert!(logs(&node).contains("the Namespace of the webhook is being deleted"));
        plane.succeed("kubectl delete clusterrole,clusterrolebinding imageswap");
    }
}

#[test]
fn changes_by_others_are_undone_within_two_seconds() {
    let Some((plane, node)) = cluster() else { return };
    prepare(&plane, None);
    KUSTOMIZE.install(&plane);
    wait_until_it_swaps(&plane, &node);
    wait_until_armed(&plane, &node);
    let service = "/webhooks/0/clientConfig/service";
    let changes = [
        (
            MUTATING,
            json!([{"op": "remove", "path": "/webhooks/0/clientConfig/caBundle"}]),
        ),
        (MUTATING, json!([{"op": "remove", "path": "/webhooks"}])),
        (
            MUTATING,
            json!([{"op": "replace", "path": "/webhooks/0/failurePolicy", "value": "Ignore"}]),
        ),
        (
            MUTATING,
            json!([{"op": "add", "path": "/webhooks/0/namespaceSelector/matchLabels", "value": {"a": "b"}}]),
        ),
        (
            MUTATING,
            json!([{"op": "add", "path": "/webhooks/0/matchConditions/-", "value":
            {"name": "never", "expression": "false"}}]),
        ),
        (
            MUTATING,
            json!([{"op": "replace", "path": format!("{service}/path"), "value": "/elsewhere"}]),
        ),
        (
            MUTATING,
            json!([{"op": "remove", "path": "/metadata/ownerReferences"}]),
        ),
        (
            VALIDATING,
            json!([{"op": "replace", "path": "/webhooks/0/clientConfig/caBundle", "value": "AAAA"}]),
        ),
        (
            VALIDATING,
            json!([{"op": "replace", "path": "/webhooks", "value": []}]),
        ),
    ];
    for (kind, patch) in &changes {
        let before = webhooks(&node, kind);
        let load = Load::start(node.api);
        thread::sleep(Duration::from_millis(500));
        let line = format!("kubectl patch {kind} imageswap-webhook --type=json");
        let time = time_after(&plane, &line, patch, || {
            let object = configuration(&node, kind).unwrap();
            object["webhooks"] == before && object["metadata"]["ownerReferences"][0]["kind"] == "Namespace"
        });
        thread::sleep(Duration::from_secs(1));
        let created = load.end();
        let milliseconds = time.as_millis();
        log(
            &format!(
                "undone {milliseconds} ms after {} of the {kind}",
                patch[0]["path"]
            ),
            &created,
        );
        assert!(time < Duration::from_secs(2), "{time:?} {patch}");
        // Reviews of the milliseconds in which the API server has the change.
        assert!(blocked(&created).len() <= 5, "{:?}", blocked(&created));
    }
    let log = logs(&node);
    assert_eq!(
        log.matches("webhook configuration restored").count(),
        changes.len(),
        "{log}"
    );
    for part in [
        "\"changed_by\":\"kubectl-patch\"",
        "to change an entry: kubectl edit configmap imageswap-webhooks -n imageswap-system",
        "kubectl annotate mutatingwebhookconfiguration imageswap-webhook imageswap.k8s.twr.io/managed=false",
        "imageswap.webhook.k8s.twr.io: clientConfig.caBundle",
        "imageswap.webhook.k8s.twr.io is missing",
    ] {
        assert!(log.contains(part), "{part}\n{log}");
    }

    // A second apply changes nothing, and a replacement by the shipped object nothing that lasts.
    let versions = CONFIGURATIONS.map(|kind| version(&node, kind));
    KUSTOMIZE.again(&plane, KUSTOMIZE.upgrade);
    assert_eq!(CONFIGURATIONS.map(|kind| version(&node, kind)), versions);
    let before = webhooks(&node, MUTATING);
    plane.succeed(&format!("kubectl replace -f deploy/base/{MUTATING}.yaml"));
    plane.wait("the entries", |_| webhooks(&node, MUTATING) == before);

    // Two replicas do not write in turn.
    let versions = CONFIGURATIONS.map(|kind| version(&node, kind));
    thread::sleep(Duration::from_secs(5));
    assert_eq!(CONFIGURATIONS.map(|kind| version(&node, kind)), versions);
    assert_eq!(readyz(&plane), "ready\n".repeat(2));
}

#[test]
fn entries_follow_their_config_map_and_stop_by_the_annotation() {
    let Some((plane, node)) = cluster() else { return };
    prepare(&plane, None);
    KUSTOMIZE.install(&plane);
    wait_until_it_swaps(&plane, &node);
    let shipped = webhooks(&node, MUTATING);
    let policy = || webhooks(&node, MUTATING)[0]["failurePolicy"].clone();
    let load = Load::start(node.api);

    let times = ["Ignore", "Fail"].map(|value| {
        let other = if value == "Fail" { "Ignore" } else { "Fail" };
        let edit = |text: &str| {
            text.replace(
                &format!("failurePolicy: {other}"),
                &format!("failurePolicy: {value}"),
            )
        };
        time_after_edit(&plane, "mutating", edit, || policy() == value)
    });
    assert!(
        times.iter().all(|time| *time < Duration::from_secs(2)),
        "{times:?}"
    );

    // By the command of the page, with an editor that needs no terminal.
    let edited = |from: &str, to: &str| {
        let edit = commands(("Change the entries", 0));
        plane.succeed(&format!("export KUBE_EDITOR='sed -i s/{from}/{to}/'\n{edit}"));
        let number: u64 = to.rsplit(' ').next().unwrap().parse().unwrap();
        plane.wait("the edit", |_| {
            webhooks(&node, MUTATING)[0]["timeoutSeconds"] == number
        });
    };
    edited("timeoutSeconds:\\ 5", "timeoutSeconds:\\ 7");
    edited("timeoutSeconds:\\ 7", "timeoutSeconds:\\ 5");

    // An invalid list changes nothing, and has a reason with its place. Correcting it ends that at once.
    for (invalid, reason) in [
        (
            "failurePolicy: Fail\n  timeoutSeconds: [",
            "the key `mutating` of the ConfigMap imageswap-webhooks is invalid",
        ),
        ("failurePolicy: Sometimes", "Unsupported value: \"Sometimes\""),
        ("failurePlan: Fail", "failurePlan"),
    ] {
        let edit = |text: &str| text.replace("failurePolicy: Fail", invalid);
        time_after_edit(&plane, "mutating", edit, || {
            readyz(&plane).matches(reason).count() == 2
        });
        // Its CA is still kept.
        let bundle = json!([{"op": "remove", "path": "/webhooks/0/clientConfig/caBundle"}]);
        let line = format!("kubectl patch {MUTATING} imageswap-webhook --type=json");
        let time = time_after(&plane, &line, &bundle, || webhooks(&node, MUTATING) == shipped);
        assert!(time < Duration::from_secs(2), "{time:?}");
        let edit = |text: &str| {
            text.replace(invalid, "failurePolicy: Fail")
                .replace("timeoutSeconds: 5", "timeoutSeconds: 6")
        };
        let is_applied = || webhooks(&node, MUTATING)[0]["timeoutSeconds"] == 6;
        let time = time_after_edit(&plane, "mutating", edit, is_applied);
        assert!(time < Duration::from_secs(2), "{time:?}");
        let edit = |text: &str| text.replace("timeoutSeconds: 6", "timeoutSeconds: 5");
        time_after_edit(&plane, "mutating", edit, || readyz(&plane) == "ready\n".repeat(2));
        assert_eq!(webhooks(&node, MUTATING), shipped);
    }

    // The annotation stops the restoring.
    plane.succeed(&format!(
        "kubectl annotate {MUTATING} imageswap-webhook imageswap.k8s.twr.io/managed=false"
    ));
    let patch = json!([{"op": "replace", "path": "/webhooks/0/failurePolicy", "value": "Ignore"}]);
    let line = format!("kubectl patch {MUTATING} imageswap-webhook --type=json");
    time_after(&plane, &line, &patch, || policy() == "Ignore");
    thread::sleep(Duration::from_secs(3));
    assert_eq!(policy(), "Ignore");
    assert_eq!(
        readyz(&plane)
            .matches("the annotation imageswap.k8s.twr.io/managed")
            .count(),
        2
    );
    plane.succeed(&format!(
        "kubectl annotate {MUTATING} imageswap-webhook imageswap.k8s.twr.io/managed-"
    ));
    plane.wait("the shipped entries", |_| webhooks(&node, MUTATING) == shipped);

    // An entry of others stays; one that leaves the ConfigMap leaves the configuration.
    let other = json!([{"op": "add", "path": "/webhooks/-", "value": {
        "name": "of.others.example.com", "clientConfig": {"url": "https://127.0.0.1:9/"}, "sideEffects": "None",
        "admissionReviewVersions": ["v1"], "failurePolicy": "Ignore",
    }}]);
    time_after(&plane, &line, &other, || true);
    let add = |text: &str| {
        format!(
            "{text}{}",
            text.replace("imageswap.webhook.k8s", "second.webhook.k8s")
        )
    };
    time_after_edit(&plane, "mutating", add, || {
        webhooks(&node, MUTATING).as_array().unwrap().len() == 3
    });
    let text = |text: &str| text[..text.rfind("- name: second").unwrap()].to_owned();
    time_after_edit(&plane, "mutating", text, || {
        webhooks(&node, MUTATING).as_array().unwrap().len() == 2
    });
    let names: Vec<Value> = webhooks(&node, MUTATING)
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["name"].clone())
        .collect();
    assert_eq!(names, ["imageswap.webhook.k8s.twr.io", "of.others.example.com"]);
    let created = load.end();
    log("edits of the entries", &created);
    // `caBundle` was removed three times, each for some milliseconds.
    let is_of_the_bundle = |failure: &&String| failure.contains("certificate signed by unknown authority");
    assert!(
        created.failures.iter().all(|failure| is_of_the_bundle(&failure)),
        "{created:?}"
    );
    assert!(
        created.failures.len() <= 9 && created.swapped > 100,
        "{created:?}"
    );

    // An empty list disarms, and the log has the reason.
    let saved = object(&plane, "configmap/imageswap-webhooks")["data"].clone();
    time_after_edit(
        &plane,
        "mutating",
        |_| "[]".to_owned(),
        || webhooks(&node, MUTATING).as_array().unwrap().len() == 1,
    );
    plane.wait("the log", |_| {
        logs(&node).contains("the list `mutating` in the ConfigMap imageswap-webhooks is empty")
    });
    let list = saved["mutating"].as_str().unwrap();
    time_after_edit(
        &plane,
        "mutating",
        |_| list.to_owned(),
        || webhooks(&node, MUTATING).as_array().unwrap().len() == 2,
    );
}

#[test]
fn deleted_configuration_stays_deleted_and_a_fight_is_slow() {
    let Some((mut plane, node)) = cluster() else {
        return;
    };
    prepare(&plane, None);
    KUSTOMIZE.install(&plane);
    wait_until_it_swaps(&plane, &node);

    plane.succeed(&format!("kubectl delete {MUTATING} imageswap-webhook"));
    thread::sleep(Duration::from_secs(5));
    assert_eq!(configuration(&node, MUTATING), None);
    let text = readyz(&plane);
    let condition = "the MutatingWebhookConfiguration imageswap-webhook does not exist";
    assert!(
        text.matches(condition).count() == 2 && !text.contains("not ready"),
        "{text}"
    );
    KUSTOMIZE.again(&plane, KUSTOMIZE.upgrade);
    plane.wait("the armed configuration", |_| {
        webhooks(&node, MUTATING).is_array()
    });

    // The API server restarts, and the watches go on.
    let before = webhooks(&node, MUTATING);
    plane.restart_api_server();
    let patch = json!([{"op": "replace", "path": "/webhooks/0/failurePolicy", "value": "Ignore"}]);
    let line = format!("kubectl patch {MUTATING} imageswap-webhook --type=json");
    let time = time_after(&plane, &line, &patch, || webhooks(&node, MUTATING) == before);
    let _ = writeln!(
        io::stderr(),
        "undone {} ms after a restart of the API server",
        time.as_millis()
    );

    // A client that changes the entries again and again gets slow answers, and its name is reported.
    let started = Instant::now();
    let mut fought = 0;
    while started.elapsed() < Duration::from_secs(20) {
        if webhooks(&node, MUTATING) == before {
            plane.run(&format!("{line} --patch-file=patch.json"));
            fought += 1;
        }
        thread::sleep(Duration::from_millis(50));
    }
    let _ = writeln!(io::stderr(), "{fought} restorations in a fight of 20 s");
    assert!((12..40).contains(&fought), "{fought}");
    plane.wait("the report", |plane| {
        readyz(plane).contains("the field manager `kubectl-patch` changes the entries again and again")
    });
    plane.wait("the last restoration", |_| webhooks(&node, MUTATING) == before);
}

/// Entries of others, as a tool applies them.
fn applied_by_others(names: &[&str]) -> String {
    let entry = |name: &&str| {
        json!({
            "name": name, "sideEffects": "None", "admissionReviewVersions": ["v1"], "failurePolicy": "Ignore",
            "clientConfig": {"service": {"name": "imageswap", "namespace": "imageswap-system", "path": "/"}},
            "rules": [{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}],
        })
    };
    let entries: Vec<Value> = names.iter().map(entry).collect();
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "imageswap-webhook"}, "webhooks": entries,
    })
    .to_string()
}

#[test]
fn entries_without_their_config_map_are_yours() {
    let Some((plane, node)) = cluster() else { return };
    prepare(&plane, None);
    // As with the manifests of v1.5.3: no ConfigMap with entries, and no right to the validating configuration.
    plane.succeed("rm deploy/base/webhooks.yaml deploy/base/validatingwebhookconfiguration.yaml");
    plane.succeed(
        "sed -i -e '/webhooks.yaml/d' -e '/validatingwebhookconfiguration.yaml/d' deploy/base/kustomization.yaml && \
         sed -i 's/, validatingwebhookconfigurations//' deploy/base/clusterrole.yaml",
    );
    run(&plane, ("With kustomize", 0));
    set_rules(&plane, RULES);
    plane.wait("two ready replicas", |_| node.ready() == 2);
    plane.wait("the report", |plane| {
        readyz(plane)
            .matches("there is no ConfigMap imageswap-webhooks with entries")
            .count()
            == 2
    });

    let load = Load::start(node.api);
    let apply = |names: &[&str]| {
        plane.write("others.json", &applied_by_others(names));
        plane.run("kubectl apply --server-side --force-conflicts --field-manager=others -f others.json")
    };
    let has_bundles = |number: usize| {
        let entries = webhooks(&node, MUTATING);
        let entries = entries.as_array().map(Vec::as_slice).unwrap_or_default();
        entries.len() == number
            && entries
                .iter()
                .all(|entry| entry["clientConfig"]["caBundle"].is_string())
    };
    for names in [
        &["a.example.com"][..],
        &["a.example.com", "b.example.com"],
        &["c.example.com"],
    ] {
        let ran = apply(names);
        assert!(ran.is_success, "{names:?}: {}", ran.stderr);
        plane.wait("caBundle", |_| has_bundles(names.len()));
    }
    wait_until_it_swaps(&plane, &node);
    assert_eq!(readyz(&plane), "ready\n".repeat(2));

    // The variable means the same, if the ConfigMap exists.
    let map = repository::read("deploy/base/webhooks.yaml");
    plane.succeed("kubectl set env deployment/imageswap -n imageswap-system IMAGESWAP_DISABLE_AUTO_MWC=TRUE");
    plane.succeed("kubectl rollout status deployment/imageswap -n imageswap-system --timeout=120s");
    plane.apply(&map);
    let line = format!("kubectl patch {MUTATING} imageswap-webhook --type=json");
    let bundle = json!([{"op": "remove", "path": "/webhooks/0/clientConfig/caBundle"}]);
    let time = time_after(&plane, &line, &bundle, || has_bundles(1));
    assert!(time < Duration::from_secs(2), "{time:?}");
    thread::sleep(Duration::from_secs(2));
    assert_eq!(webhooks(&node, MUTATING)[0]["name"], "c.example.com");
    let created = load.end();
    log("entries of others", &created);
    assert_eq!(blocked(&created), Vec::<&String>::new());
    let log = logs(&node);
    assert!(
        !log.contains("webhook configuration armed")
            && !log.contains("duty not done\",\"what\":\"validating"),
        "{log}"
    );
}

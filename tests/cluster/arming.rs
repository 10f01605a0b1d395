//! Arming: no order of installation blocks a Pod, nothing that others change in the webhook configurations lasts, and
//! the deletion of the Namespace leaves nothing that blocks a Pod.

use std::io::{self, Write as _};
use std::thread;
use std::time::{Duration, Instant};

use imageswap_tests_support::webhook::{ControlPlane, Node};
use serde_json::json;

use super::forms::{KUSTOMIZE, RULES, SWAPPED, prepare, set_rules};
use super::install::{cluster, installed};
use super::load::Load;
use super::objects::{
    CONFIGURATIONS, MUTATING, VALIDATING, configuration, readyz, time_after, version, webhooks,
};
use super::waits::wait_for_image;

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

/// Waits until both configurations have their entries, and a Pod is swapped.
fn wait_until_armed(plane: &ControlPlane, node: &Node) {
    plane.wait("both armed configurations", |_| {
        CONFIGURATIONS.iter().all(|kind| webhooks(node, kind).is_array())
    });
    wait_for_image(plane, "default", "nginx:1.25", SWAPPED);
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
        created.assert_none_rejected(&format!("{order}: armed after {seconds:.1} s"));

        plane.wait("two ready replicas", |_| node.ready() == 2);
        let before = node.logs();
        let load = Load::start(node.api);
        thread::sleep(Duration::from_secs(1));
        plane.succeed("kubectl delete namespace imageswap-system --timeout=120s");
        plane.wait("the end of the configurations", |_| {
            CONFIGURATIONS
                .iter()
                .all(|kind| configuration(&node, kind).is_none())
        });
        let created = load.end();
        created.assert_none_rejected(&format!("{order}: the namespace is deleted"));
        assert!(created.swapped > 10, "{created:?}");
        let log = node.log_text_since(&before);
        assert!(
            log.contains("the Namespace of the webhook is being deleted"),
            "{order}: {log}"
        );
        plane.succeed("kubectl delete clusterrole,clusterrolebinding imageswap");
    }
}

#[test]
fn changes_by_others_are_undone_within_two_seconds() {
    let Some((plane, node)) = installed() else { return };
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
        created.log(&format!(
            "undone {milliseconds} ms after {} of the {kind}",
            patch[0]["path"]
        ));
        assert!(time < Duration::from_secs(2), "{time:?} {patch}");
        assert!(created.swapped > 10 && created.unanswered == 0, "{created:?}");
        // Reviews of the time in which the API server has the change.
        assert!(
            created.rejections().len() < created.swapped && created.failed_for < Duration::from_secs(2),
            "{:?}",
            created.rejections()
        );
    }
    let log = node.log_text();
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
fn deleted_configuration_stays_deleted_and_a_fight_is_slow() {
    let Some((mut plane, node)) = installed() else {
        return;
    };

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

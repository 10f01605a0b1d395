//! Entries of the webhook configurations: they follow their ConfigMap, and those of others stay as they are.

use std::thread;
use std::time::Duration;

use imageswap_tests_support::repository;
use imageswap_tests_support::webhook::{ControlPlane, Node};
use serde_json::{Value, json};

use super::forms::{RULES, commands, prepare, replaced, run, set_rules};
use super::install::{cluster, installed};
use super::load::Load;
use super::objects::{MUTATING, object, readyz, time_after, webhooks};
use super::waits::{wait_for_rollout, wait_until_it_swaps};

/// Patches the configuration that swaps Pods.
const PATCH: &str = "kubectl patch mutatingwebhookconfiguration imageswap-webhook --type=json";

/// Returns a patch that removes `caBundle` of the first entry.
fn without_bundle() -> Value {
    json!([{"op": "remove", "path": "/webhooks/0/clientConfig/caBundle"}])
}

/// Changes the list `mutating` in the ConfigMap with the entries, and returns the time until a condition is true.
#[track_caller]
fn time_after_edit(
    plane: &ControlPlane,
    edit: impl Fn(&str) -> String,
    is_so: impl FnMut() -> bool,
) -> Duration {
    let map = object(plane, "configmap/imageswap-webhooks");
    let text = edit(map["data"]["mutating"].as_str().unwrap());
    let line = "kubectl patch configmap imageswap-webhooks -n imageswap-system --type=merge";
    time_after(plane, line, &json!({"data": {"mutating": text}}), is_so)
}

fn policy(node: &Node) -> Value {
    webhooks(node, MUTATING)[0]["failurePolicy"].clone()
}

fn timeout(node: &Node) -> Value {
    webhooks(node, MUTATING)[0]["timeoutSeconds"].clone()
}

/// Returns the number of entries.
fn number(node: &Node) -> usize {
    webhooks(node, MUTATING).as_array().unwrap().len()
}

#[test]
fn entries_follow_their_config_map_and_stop_by_the_annotation() {
    let Some((plane, node)) = installed() else { return };
    let shipped = webhooks(&node, MUTATING);
    let load = Load::start(node.api);
    follow_edits(&plane, &node);
    invalid_lists(&plane, &node, &shipped);
    annotation(&plane, &node, &shipped);
    entries_of_others(&plane, &node);
    let created = load.end();
    // `caBundle` was removed three times, each for some milliseconds. How many Pods are created meanwhile depends on the
    // machine.
    created.assert_failures("edits of the entries", |failure| {
        failure.contains("certificate signed by unknown authority")
    });
    assert!(created.failed_for < Duration::from_secs(2), "{created:?}");
    empty_list(&plane, &node);
}

fn follow_edits(plane: &ControlPlane, node: &Node) {
    for (from, to) in [("Fail", "Ignore"), ("Ignore", "Fail")] {
        let [from, to] = [from, to].map(|value| format!("failurePolicy: {value}"));
        // Only that of the first entry.
        let edit = |text: &str| text.replacen(&from, &to, 1);
        let value = to.rsplit(' ').next().unwrap();
        let time = time_after_edit(plane, edit, || policy(node) == value);
        assert!(time < Duration::from_secs(2), "{time:?}");
    }
    // By the command of the page, with an editor that needs no terminal.
    for (from, to) in [(5, 7), (7, 5)] {
        let edit = commands(("Change the entries", 0));
        plane.succeed(&format!(
            "export KUBE_EDITOR='sed -i s/timeoutSeconds:\\ {from}/timeoutSeconds:\\ {to}/'\n{edit}"
        ));
        plane.wait("the edit", |_| timeout(node) == to);
    }
}

/// An invalid list changes nothing, and has a reason with its place. Correcting it ends that at once.
fn invalid_lists(plane: &ControlPlane, node: &Node, shipped: &Value) {
    for (invalid, reason) in [
        (
            "failurePolicy: Fail\n  timeoutSeconds: [",
            "the key `mutating` of the ConfigMap imageswap-webhooks is invalid",
        ),
        ("failurePolicy: Sometimes", "Unsupported value: \"Sometimes\""),
        ("failurePlan: Fail", "failurePlan"),
    ] {
        let edit = |text: &str| replaced(text, "failurePolicy: Fail", invalid);
        time_after_edit(plane, edit, || readyz(plane).matches(reason).count() == 2);
        // Its CA is still kept.
        let time = time_after(plane, PATCH, &without_bundle(), || {
            webhooks(node, MUTATING) == *shipped
        });
        assert!(time < Duration::from_secs(2), "{time:?}");
        let edit = |text: &str| {
            let text = replaced(text, invalid, "failurePolicy: Fail");
            replaced(&text, "timeoutSeconds: 5", "timeoutSeconds: 6")
        };
        let time = time_after_edit(plane, edit, || timeout(node) == 6);
        assert!(time < Duration::from_secs(2), "{time:?}");
        let edit = |text: &str| replaced(text, "timeoutSeconds: 6", "timeoutSeconds: 5");
        time_after_edit(plane, edit, || readyz(plane) == "ready\n".repeat(2));
        assert_eq!(webhooks(node, MUTATING), *shipped);
    }
}

/// The annotation stops the restoring.
fn annotation(plane: &ControlPlane, node: &Node, shipped: &Value) {
    let annotate = format!("kubectl annotate {MUTATING} imageswap-webhook imageswap.k8s.twr.io/managed");
    plane.succeed(&format!("{annotate}=false"));
    let patch = json!([{"op": "replace", "path": "/webhooks/0/failurePolicy", "value": "Ignore"}]);
    time_after(plane, PATCH, &patch, || policy(node) == "Ignore");
    thread::sleep(Duration::from_secs(3));
    assert_eq!(policy(node), "Ignore");
    let reason = "the annotation imageswap.k8s.twr.io/managed";
    assert_eq!(readyz(plane).matches(reason).count(), 2);
    plane.succeed(&format!("{annotate}-"));
    plane.wait("the shipped entries", |_| webhooks(node, MUTATING) == *shipped);
}

/// An entry of others stays; one that leaves the ConfigMap leaves the configuration.
fn entries_of_others(plane: &ControlPlane, node: &Node) {
    let other = json!([{"op": "add", "path": "/webhooks/-", "value": {
        "name": "of.others.example.com", "clientConfig": {"url": "https://127.0.0.1:9/"}, "sideEffects": "None",
        "admissionReviewVersions": ["v1"], "failurePolicy": "Ignore",
    }}]);
    time_after(plane, PATCH, &other, || true);
    // The list of an older version has no entry for break glass. An upgrade adds it.
    let glass = "- name: break-glass";
    let shipped = object(plane, "configmap/imageswap-webhooks");
    let shipped = shipped["data"]["mutating"].as_str().unwrap();
    let older = |text: &str| text[..text.find(glass).unwrap()].to_owned();
    time_after_edit(plane, older, || number(node) == 2);
    let names = || -> Vec<Value> {
        let entries = webhooks(node, MUTATING);
        let entries = entries.as_array().unwrap().iter();
        entries.map(|entry| entry["name"].clone()).collect()
    };
    assert_eq!(names(), ["imageswap.webhook.k8s.twr.io", "of.others.example.com"]);
    let time = time_after_edit(plane, |_| shipped.to_owned(), || number(node) == 3);
    assert!(time < Duration::from_secs(2), "{time:?}");
    assert!(
        names().contains(&"break-glass.imageswap.k8s.twr.io".into()),
        "{:?}",
        names()
    );
}

/// An empty list disarms, and the log has the reason.
fn empty_list(plane: &ControlPlane, node: &Node) {
    let saved = object(plane, "configmap/imageswap-webhooks");
    let list = saved["data"]["mutating"].as_str().unwrap();
    time_after_edit(plane, |_| "[]".to_owned(), || number(node) == 1);
    plane.wait("the log", |_| {
        node.log_text()
            .contains("the list `mutating` in the ConfigMap imageswap-webhooks is empty")
    });
    time_after_edit(plane, |_| list.to_owned(), || number(node) == 3);
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
        "sed -i -e '/webhooks.yaml/d' -e '/validatingwebhookconfiguration.yaml/d' deploy/base/kustomization.yaml",
    );
    let role = "deploy/base/clusterrole.yaml";
    plane.write(
        role,
        &replaced(&plane.read(role), ", validatingwebhookconfigurations", ""),
    );
    run(&plane, ("With kustomize", 0));
    set_rules(&plane, RULES);
    wait_for_rollout(&plane, &node, 2);
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
    wait_until_it_swaps(&plane, &node, 2);
    assert_eq!(readyz(&plane), "ready\n".repeat(2));

    // The variable means the same, if the ConfigMap exists.
    let map = repository::read("deploy/base/webhooks.yaml");
    plane.succeed("kubectl set env deployment/imageswap -n imageswap-system IMAGESWAP_DISABLE_AUTO_MWC=TRUE");
    wait_for_rollout(&plane, &node, 2);
    plane.apply(&map);
    let time = time_after(&plane, PATCH, &without_bundle(), || has_bundles(1));
    assert!(time < Duration::from_secs(2), "{time:?}");
    thread::sleep(Duration::from_secs(2));
    assert_eq!(webhooks(&node, MUTATING)[0]["name"], "c.example.com");
    load.end().assert_none_rejected("entries of others");
    let log = node.log_text();
    assert!(
        !log.contains("webhook configuration armed")
            && !log.contains("duty not done\",\"what\":\"validating"),
        "{log}"
    );
}

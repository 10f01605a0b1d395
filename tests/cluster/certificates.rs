//! Certificates of the webhook's own under load: replicas that start at once, a Secret that is lost or foreign, and
//! rotations.

use std::thread;
use std::time::Duration;

use imageswap_tests_support::webhook::{ControlPlane, Node};
use serde_json::Value;

use super::forms::{KUSTOMIZE, prepare};
use super::install::{cluster, installed};
use super::key_material::KeyMaterial;
use super::load::{Load, is_of_a_crash};
use super::objects::{SWAPPING, ca_bundle, secret};
use super::waits::wait_until_it_swaps;

/// The command that puts the Secret of the manifests back.
const APPLY_SECRET: &str = "kubectl apply -f deploy/base/secret.yaml";
const SECRET: &str = "secret imageswap-tls -n imageswap-system";

/// Installs the manifests with three replicas, which log all that they can.
fn three_replicas(plane: &ControlPlane, node: &Node) {
    prepare(plane, None);
    plane.succeed("sed -i s/--log-level=info/--log-level=trace/ deploy/base/deployment.yaml");
    KUSTOMIZE.install(plane);
    plane.succeed("kubectl scale deployment/imageswap -n imageswap-system --replicas=3");
    wait_until_it_swaps(plane, node, 3);
}

/// Waits until the Secret has another pair, which the first CA of `ca.pem` has signed, and `caBundle` has all of `ca.pem`.
fn wait_for_another_pair(plane: &ControlPlane, before: &Value) {
    plane.wait("another pair", |plane| {
        let secret = secret(plane);
        let [chain, authorities] =
            ["cert.pem", "ca.pem"].map(|key| secret.get(key).cloned().unwrap_or_default());
        if chain.is_empty()
            || chain == before["cert.pem"].as_str().unwrap_or_default()
            || authorities.is_empty()
        {
            return false;
        }
        plane.write("chain.pem", &chain);
        // `openssl` reads the first certificate of a file of roots as well as all others.
        let end = "-----END CERTIFICATE-----\n";
        let first = authorities.split_inclusive(end).next().unwrap();
        plane.write("first.pem", first);
        let verified = plane.run(
            "openssl verify -CAfile first.pem -verify_hostname imageswap.imageswap-system.svc chain.pem",
        );
        verified.is_success && ca_bundle(plane, SWAPPING) == authorities
    });
}

fn data(plane: &ControlPlane) -> Value {
    let secret = secret(plane).into_iter();
    secret.map(|(key, value)| (key, Value::from(value))).collect()
}

#[test]
fn lost_secret_and_rotations_fail_no_pod() {
    let Some((plane, node)) = cluster() else { return };
    three_replicas(&plane, &node);
    let mut keys = KeyMaterial::default();
    keys.add(&plane);
    let patch = |patch: &str| format!("kubectl patch {SECRET} --type=merge -p '{patch}'");
    let garbage = r#"{"data":{"cert.pem":"eA==","key.pem":"eA==","ca.pem":"eA==","ca-key.pem":"eA=="}}"#;
    for (event, command) in [
        (
            "the leaf is renewed",
            patch(r#"{"data":{"cert.pem":null,"key.pem":null}}"#),
        ),
        ("the CA is rotated", patch(r#"{"data":{"ca-key.pem":null}}"#)),
        ("the Secret is emptied", patch(r#"{"data":null}"#)),
        ("the Secret is garbage", patch(garbage)),
        (
            "the Secret is deleted and applied again",
            format!("kubectl delete {SECRET} && sleep 2 && {APPLY_SECRET}"),
        ),
    ] {
        let before = data(&plane);
        let load = Load::start(node.api);
        plane.succeed(&command);
        wait_for_another_pair(&plane, &before);
        // Each replica has read it.
        thread::sleep(Duration::from_secs(2));
        load.end().assert_all_swapped(event);
        keys.add(&plane);
    }
    assert_eq!((node.ready(), node.restarts()), (3, 0));
    // The replicas have made one CA for each loss and rotation.
    let logs = node.log_text();
    assert_eq!(
        logs.matches("\"new CA").count(),
        5,
        "{}",
        lines(&logs, "certificates written")
    );
    keys.is_in_none_of(&node.logs());
}

#[test]
fn replica_that_is_killed_in_a_rotation_delays_it_only() {
    let Some((plane, node)) = cluster() else { return };
    three_replicas(&plane, &node);
    let before = data(&plane);
    let load = Load::start(node.api);
    plane.succeed(&format!(
        "kubectl patch {SECRET} --type=merge -p '{{\"data\":{{\"ca-key.pem\":null}}}}'"
    ));
    plane.wait("the new CA", |plane| {
        secret(plane)["ca.pem"].matches("BEGIN").count() == 2
    });
    node.crash(0);
    wait_for_another_pair(&plane, &before);
    plane.wait("all replicas", |_| node.ready() == 3);
    load.end()
        .assert_failures("a replica is killed in a rotation", is_of_a_crash);
    let load = Load::start(node.api);
    thread::sleep(Duration::from_secs(6));
    load.end().assert_all_swapped("after the rotation");
}

#[test]
fn secret_of_others_and_missing_rights_are_reported() {
    let Some((plane, node)) = installed() else { return };
    let load = Load::start(node.api);
    let reports = |text: &str| {
        plane.wait(text, |_| node.log_text().contains(text));
    };
    plane.succeed(&format!("kubectl delete {SECRET}"));
    reports(
        "the Secret imageswap-tls does not exist in the namespace imageswap-system; it is a part of the manifests",
    );
    plane.succeed(
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout other.key -out other.crt -subj /CN=other -days 1",
    );
    plane.succeed(
        "kubectl create secret tls imageswap-tls -n imageswap-system --cert=other.crt --key=other.key",
    );
    reports("the Secret imageswap-tls is of type kubernetes.io/tls, so it belongs to other software");
    plane.succeed(&format!("kubectl delete {SECRET} && {APPLY_SECRET}"));
    wait_for_another_pair(&plane, &Value::Null);
    plane.succeed(&format!("kubectl annotate {SECRET} imageswap-byoc=true"));
    reports("the Secret imageswap-tls has the annotation imageswap-byoc, so its key pair is yours");
    plane.succeed(&format!("kubectl annotate {SECRET} imageswap-byoc-"));

    let verbs = r#"[{"op": "replace", "path": "/rules/0/verbs", "value": ["get", "list", "watch"]}]"#;
    plane.succeed(&format!(
        "kubectl patch role imageswap -n imageswap-system --type=json -p '{verbs}'"
    ));
    let before = data(&plane);
    plane.succeed(&format!(
        "kubectl patch {SECRET} --type=merge -p '{{\"data\":{{\"key.pem\":null}}}}'"
    ));
    reports(
        "no right to patch the Secret imageswap-tls; add this rule to the Role in the namespace imageswap-system of the \
         webhook's ServiceAccount: {apiGroups: [\\\"\\\"], resources: [secrets], resourceNames: [imageswap-tls], verbs: \
         [get, list, watch, patch]}",
    );
    plane.succeed("kubectl apply -f deploy/base/role.yaml");
    wait_for_another_pair(&plane, &before);
    load.end()
        .assert_all_swapped("foreign Secrets and a missing right");
    assert_eq!((node.ready(), node.restarts()), (2, 0));
}

/// Returns the lines of a log that have a text.
fn lines(log: &str, text: &str) -> String {
    let lines: Vec<&str> = log.lines().filter(|line| line.contains(text)).collect();
    lines.join("\n")
}

//! The webhook as users of kubectl see it.

use imageswap_tests_support::webhook::{ControlPlane, Start, Volume};
use serde_json::Value;

use super::forms::replaced;
use super::{Armed, asked, assert_no_errors};
use crate::IMAGESWAP;

const RULES: &str = "\
rules v1
let   hub = harbor.example.com
keep  {hub}/
deny  **/banned  because \"use harbor.example.com/base/image\"  as banned
warn  **:latest  because \"pin a version\"  as latest
swap  docker.io/  -> {hub}/dockerhub/  as dockerhub
swap  quay.io/    -> {hub}/quay/       as quay  pull-secret harbor-read
";

const PODS: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: rich}
spec:
  initContainers:
  - {name: setup, image: busybox:1}
  - {name: sidecar, image: quay.io/acme/agent:2, restartPolicy: Always}
  containers:
  - {name: web, image: 'nginx:1.25@sha256:0000000000000000000000000000000000000000000000000000000000000001'}
  - {name: own, image: harbor.example.com/acme/api:7}
  volumes:
  - {name: model, image: {reference: 'quay.io/acme/model:1'}}
---
apiVersion: v1
kind: Pod
metadata: {name: glass, labels: {k8s.twr.io/imageswap: disabled}}
spec:
  containers: [{name: web, image: banned}]
";

const WORKLOADS: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx:1.25}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: 'quay.io/acme/db:1'}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once, labels: {app: once}}
spec:
  template:
    metadata: {labels: {app: once}}
    spec: {restartPolicy: Never, containers: [{name: once, image: busybox:1}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: denied}
spec:
  selector: {matchLabels: {app: denied}}
  template:
    metadata: {labels: {app: denied}}
    spec: {containers: [{name: web, image: banned}]}
";

fn images(object: &Value, pointer: &str) -> Vec<String> {
    let list = object.pointer(pointer).and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .map(|container| container["image"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn objects_of_kubectl_are_swapped_denied_and_warned_about() {
    let Some(plane) = ControlPlane::start(IMAGESWAP, env!("CARGO_TARGET_TMPDIR")) else {
        return;
    };
    let mut rules = Volume::mount(&[("10-mirror.rules", RULES.as_bytes())]);
    let start = |tls: &std::path::Path| {
        Start::new(IMAGESWAP)
            .args(["--tls-dir", tls.to_str().unwrap()])
            .rules(rules.path())
    };
    plane.succeed("kubectl label namespace default k8s.twr.io/imageswap=enabled");
    let armed = Armed::start(
        &plane,
        "default",
        start,
        "harbor.example.com/dockerhub/library/nginx:1.25",
    );

    // The webhook does not apply to another namespace.
    plane.namespace("other", "");
    assert_eq!(asked(&plane, "other", "banned").as_deref(), Some("banned"));

    // All fields of a Pod that have an image.
    plane.apply(PODS);
    let rich = plane.json("kubectl get pod rich -o json");
    assert_eq!(
        images(&rich, "/spec/initContainers"),
        [
            "harbor.example.com/dockerhub/library/busybox:1",
            "harbor.example.com/quay/acme/agent:2"
        ]
    );
    assert_eq!(
        images(&rich, "/spec/containers"),
        [
            "harbor.example.com/dockerhub/library/nginx:1.25@sha256:0000000000000000000000000000000000000000000000000000000000000001",
            "harbor.example.com/acme/api:7"
        ]
    );
    assert_eq!(
        rich.pointer("/spec/volumes/0/image/reference").unwrap(),
        "harbor.example.com/quay/acme/model:1"
    );
    assert_eq!(
        rich.pointer("/spec/imagePullSecrets").unwrap(),
        &serde_json::json!([{"name": "harbor-read"}])
    );
    let glass = plane.json("kubectl get pod glass -o json");
    assert_eq!(images(&glass, "/spec/containers"), ["banned"]);

    // A denial names the image, the container, the rule and the reason. kubectl prints warnings.
    let denied = plane.run("kubectl run no --image=banned");
    assert_eq!(
        denied.stderr.trim_end(),
        "Error from server (Forbidden): admission webhook \"imageswap.webhook.k8s.twr.io\" denied the request: \
         imageswap: banned of container no is denied by banned: use harbor.example.com/base/image"
    );
    let warned = plane.run("kubectl run floating --image=nginx");
    assert!(warned.is_success);
    assert!(
        warned
            .stderr
            .starts_with("Warning: imageswap: nginx of container floating"),
        "{}",
        warned.stderr
    );
    assert!(warned.stderr.contains("pin a version"), "{}", warned.stderr);

    // Pods of controllers are swapped, and the templates of the controllers are unchanged.
    plane.apply(WORKLOADS);
    for (label, image) in [
        ("app=web", "harbor.example.com/dockerhub/library/nginx:1.25"),
        ("app=db", "harbor.example.com/quay/acme/db:1"),
        ("app=once", "harbor.example.com/dockerhub/library/busybox:1"),
    ] {
        let line =
            format!("kubectl get pods -l {label} -o jsonpath='{{.items[*].spec.containers[*].image}}'");
        plane.wait(label, |plane| plane.succeed(&line) == image);
    }
    let web = plane.json("kubectl get deployment web -o json");
    assert_eq!(images(&web, "/spec/template/spec/containers"), ["nginx:1.25"]);
    let line = "kubectl get deployment denied -o jsonpath='{.status.conditions[?(@.type==\"ReplicaFailure\")].message}'";
    plane.wait("the reason", |plane| {
        plane
            .succeed(line)
            .contains("imageswap: banned of container web is denied by banned: use harbor")
    });

    // A container that is added later is swapped. The others are unchanged, even if the rules have changed since.
    let changed = replaced(RULES, "/dockerhub/", "/hub/");
    armed
        .server
        .reloads_when(|| rules.update(&[("10-mirror.rules", changed.as_bytes())]));
    plane.succeed("kubectl debug rich --image=busybox:2 --container=look --target=web");
    plane.succeed("kubectl label pod rich seen=yes");
    plane.succeed("kubectl annotate pod rich seen=yes");
    let debugged = plane.json("kubectl get pod rich -o json");
    assert_eq!(
        images(&debugged, "/spec/ephemeralContainers"),
        ["harbor.example.com/hub/library/busybox:2"]
    );
    for list in ["/spec/containers", "/spec/initContainers", "/spec/volumes"] {
        assert_eq!(debugged.pointer(list), rich.pointer(list));
    }
    plane.succeed("kubectl set image pod/rich own=ghcr.io/acme/api:8 web=nginx:1.26");
    let updated = plane.json("kubectl get pod rich -o json");
    assert_eq!(
        images(&updated, "/spec/containers"),
        ["harbor.example.com/hub/library/nginx:1.26", "ghcr.io/acme/api:8"]
    );
    plane.succeed("kubectl delete pod rich glass floating --now --wait=false");

    // The audit log has the rules, and the digest of the set.
    let audit = plane.read("audit.log");
    let events = audit
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let rules: Vec<Value> = events
        .map(|event| event["annotations"]["imageswap.webhook.k8s.twr.io/rules"].clone())
        .collect();
    let of_rich: Value = "dockerhub,10-mirror.rules:3,quay".into();
    assert!(
        rules.contains(&of_rich) && rules.contains(&"banned".into()),
        "{rules:?}"
    );

    assert_no_errors(&armed.server);
}

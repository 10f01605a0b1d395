//! The commands of docs/migration.md that need a cluster, in order, with the images of Pods before, between and after.

use std::path::Path;

use imageswap_tests_support::webhook::{ControlPlane, Start, Volume};
use imageswap_tests_support::{pages, repository};
use serde_json::Value;

use super::objects::object;
use super::{Armed, asked};
use crate::IMAGESWAP;

/// The ConfigMap as it is in a cluster, with a comment behind a value and before a line.
const MAPS: &str = "\
apiVersion: v1
kind: ConfigMap
metadata:
  name: imageswap-maps
  namespace: imageswap-system
  labels: {app: imageswap}
  annotations: {example.com/owner: platform}
data:
  README: Ask the platform team.
  maps: |
    default::harbor.example.com/other
    # The mirrors.
    docker.io::harbor.example.com/dockerhub
    quay.io::harbor.example.com/quay  # since May
    ghcr.io::
    noswap_wildcards::corp.example.com
";

const ENV: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: imageswap-env, namespace: imageswap-system}
data: {FLASK_ENV: production, PYTHONUNBUFFERED: 'TRUE', IMAGESWAP_MODE: LEGACY, IMAGE_PREFIX: harbor.example.com/hub}
";

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: imageswap, namespace: imageswap-system}
spec:
  selector: {matchLabels: {app: imageswap}}
  template:
    metadata: {labels: {app: imageswap}}
    spec:
      containers:
      - name: imageswap
        image: ghcr.io/imageswap/imageswap
        envFrom: [{configMapRef: {name: imageswap-env}}]
";

/// Images that Pods ask for, one for each line of the map.
const IMAGES: [&str; 7] = [
    "nginx:1.25",
    "bitnami/redis",
    "quay.io/coreos/etcd:v3.6",
    "quay.io:8443/coreos/etcd:v3.6",
    "ghcr.io/acme/api:7",
    "registry.k8s.io/pause:3.10",
    "corp.example.com/team/app",
];

/// The ConfigMap as the kubelet mounts it, updated by the test.
struct Mounted(Volume);

impl Mounted {
    fn new(plane: &ControlPlane) -> Self {
        Self(Volume::mount(&[(
            "imageswap-maps.conf",
            content(plane).as_bytes(),
        )]))
    }

    fn sync(&mut self, plane: &ControlPlane) {
        self.0
            .update(&[("imageswap-maps.conf", content(plane).as_bytes())]);
    }
}

fn content(plane: &ControlPlane) -> String {
    let map = object(plane, "configmap/imageswap-maps");
    map["data"]["maps"].as_str().unwrap().to_owned()
}

/// Returns a webhook as the Deployment of imageswap-webhook v1.5.3 starts it.
fn as_gunicorn(tls: &Path, maps: &Volume) -> Start {
    Start::as_gunicorn(IMAGESWAP)
        .env("IMAGESWAP_TLS_DIR", tls.to_str().unwrap())
        .env(
            "IMAGESWAP_MAPS_FILE",
            maps.file("imageswap-maps.conf").to_str().unwrap(),
        )
}

/// Returns the shell blocks of the page, in order.
fn blocks() -> Vec<String> {
    let page = repository::read("docs/migration.md");
    let blocks = pages::blocks(&page, "sh");
    // Both tests together run all of them.
    assert_eq!(blocks.len(), 7);
    blocks.into_iter().map(str::to_owned).collect()
}

fn all(plane: &ControlPlane) -> Vec<Option<String>> {
    IMAGES.map(|image| asked(plane, "default", image)).to_vec()
}

#[test]
fn commands_migrate_a_map_and_back() {
    let Some(plane) = ControlPlane::start(IMAGESWAP, env!("CARGO_TARGET_TMPDIR")) else {
        return;
    };
    let blocks = blocks();
    let [keep, compare, apply, ask, back, ..] = blocks.as_slice() else {
        panic!("{blocks:?}")
    };
    plane.namespace("imageswap-system", "");
    plane.apply(MAPS);
    plane.succeed("kubectl label namespace default k8s.twr.io/imageswap=enabled");
    let mut mounted = Mounted::new(&plane);
    let expected = "harbor.example.com/dockerhub/nginx:1.25";
    let armed = Armed::start(&plane, "default", |tls| as_gunicorn(tls, &mounted.0), expected);
    let before = all(&plane);
    assert_eq!(before[4].as_deref(), Some("ghcr.io/acme/api:7"));
    plane.succeed("kubectl run web --image=nginx:1.25");
    plane.succeed("kubectl run api --image=ghcr.io/acme/api:7");
    plane.succeed("kubectl create deployment team --image=bitnami/redis:7 --replicas=0");

    plane.succeed(keep);
    assert_eq!(plane.read("imageswap-maps.conf"), content(&plane));
    let compared = plane.run(compare);
    assert!(compared.is_success, "{}", compared.stderr);
    let last = compared.stderr.trim_end().lines().last().unwrap();
    assert!(last.contains(" images compared, 3 of them given: "), "{last}");
    assert!(last.ends_with(", each for a reason above"), "{last}");

    armed.server.reloads_when(|| {
        plane.succeed(apply);
        mounted.sync(&plane);
    });
    assert_eq!(content(&plane), plane.read("10-migrated.rules"));
    assert!(content(&plane).contains("\nrules v1\n"));
    assert_untouched(&plane);
    assert_eq!(plane.succeed(ask).trim_end(), expected);
    assert_eq!(all(&plane), before);
    // Existing Pods are unchanged.
    let web = plane.json("kubectl get pod web -o json");
    assert_eq!(web["spec"]["containers"][0]["image"], expected);

    armed.server.reloads_when(|| {
        plane.succeed(back);
        mounted.sync(&plane);
    });
    assert_eq!(content(&plane), plane.read("imageswap-maps.conf"));
    assert_untouched(&plane);
    assert_eq!(all(&plane), before);
}

/// Asserts that the rest of the ConfigMap is unchanged.
#[track_caller]
fn assert_untouched(plane: &ControlPlane) {
    let map = object(plane, "configmap/imageswap-maps");
    assert_eq!(map["data"]["README"], "Ask the platform team.");
    assert_eq!(map["metadata"]["labels"]["app"], "imageswap");
    assert_eq!(map["metadata"]["annotations"]["example.com/owner"], "platform");
}

#[test]
fn commands_migrate_legacy_mode_and_back() {
    let Some(plane) = ControlPlane::start(IMAGESWAP, env!("CARGO_TARGET_TMPDIR")) else {
        return;
    };
    let blocks = blocks();
    let [.., go, back] = blocks.as_slice() else {
        panic!("{blocks:?}")
    };
    plane.namespace("imageswap-system", "");
    plane.apply(&[ENV, "---\n", MAPS, "---\n", DEPLOYMENT].concat());
    plane.succeed("kubectl label namespace default k8s.twr.io/imageswap=enabled");
    let mut mounted = Mounted::new(&plane);
    let expected = "harbor.example.com/hub/nginx:1.25";
    let serve = |mounted: &Mounted| {
        let start = |tls: &Path| from_env(&plane, as_gunicorn(tls, &mounted.0));
        Armed::start(&plane, "default", start, expected)
    };
    let armed = serve(&mounted);
    let before = all(&plane);
    drop(armed);

    for (block, mode) in [(go, "MAPS"), (back, "LEGACY")] {
        let restarted = annotation(&plane);
        plane.succeed(block);
        assert_ne!(annotation(&plane), restarted);
        assert_eq!(env(&plane)["IMAGESWAP_MODE"], mode);
        mounted.sync(&plane);
        let _armed = serve(&mounted);
        assert_eq!(all(&plane), before);
    }
}

/// Sets the variables of `envFrom`.
fn from_env(plane: &ControlPlane, start: Start) -> Start {
    let env = env(plane);
    env.as_object()
        .unwrap()
        .iter()
        .fold(start, |start, (name, value)| {
            start.env(name, value.as_str().unwrap())
        })
}

fn env(plane: &ControlPlane) -> Value {
    let map = object(plane, "configmap/imageswap-env");
    map["data"].clone()
}

/// Returns the time of the last restart of the Deployment.
fn annotation(plane: &ControlPlane) -> Value {
    let deployment = object(plane, "deployment/imageswap");
    deployment["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"].clone()
}

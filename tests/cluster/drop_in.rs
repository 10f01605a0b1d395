//! The manifests of imageswap-webhook v1.5.3 with nothing but the image names replaced: a new installation, and an
//! upgrade in place of its objects.

use std::collections::BTreeSet;

use imageswap_tests_support::webhook::{Connection, ControlPlane};
use serde_json::json;

use super::asked;
use super::forms::{SWAPPED, commands_of, replaced, run};
use super::install::cluster;
use super::legacy::{self, INSTALLED};
use super::load::{Load, is_of_a_crash};
use super::objects::{MUTATING, SWAPPING, ca_bundle, object, secret, service_address, webhooks};
use super::waits::{wait_for_image, wait_for_rollout, wait_until_it_swaps};

const PAGE: &str = "docs/drop-in.md";

/// The image of the tests, for both containers.
const IMAGE: &str = concat!("ghcr.io/imageswap/imageswap:", env!("CARGO_PKG_VERSION"));

/// Signs a certificate for the next key pair, by the same CA.
const RENEW: &str = "\
openssl req -newkey rsa:2048 -nodes -keyout tls.key -out request.pem -subj /CN=imageswap
openssl x509 -req -in request.pem -CA ca.crt -CAkey ca.key -CAcreateserial -days 365 -extfile extensions -out tls.crt
";

/// Returns the manifests with an image for both containers. What stands for the old program of the init container in the
/// other tests gives way to the command of the manifests.
fn manifests(image: &str) -> String {
    let mut text = INSTALLED.to_owned();
    for (from, to) in [
        (
            "command: [/usr/bin/sh, -ec, '/usr/bin/cp /pair/*.pem /tls/']",
            "command: [/app/imageswap-init.py]",
        ),
        (
            "      # Instead of the programs of v1.5.3, the Pods run a shell, which copies the pair, and this webhook with the pair.\n      \
             automountServiceAccountToken: false\n",
            "",
        ),
        ("        - {name: pair, mountPath: /pair}\n", ""),
        (
            "      - name: pair\n        secret: {secretName: imageswap-tls}\n",
            "",
        ),
        ("registry.example.com/imageswap-init:v1.5.3", image),
        ("registry.example.com/imageswap:v1.5.3", image),
    ] {
        text = replaced(&text, from, to);
    }
    text
}

/// Returns the manifests with a variable more in `imageswap-env`.
fn manifests_with(variable: &str, value: &str) -> String {
    let mode = "  IMAGESWAP_MODE: MAPS\n";
    replaced(&manifests(IMAGE), mode, &format!("{mode}  {variable}: {value}\n"))
}

/// Returns the leaf certificates that the replicas show, asked for through the Service.
fn served(plane: &ControlPlane) -> BTreeSet<Vec<u8>> {
    let address = service_address(plane);
    let connect = |_| Connection::open(address).certificate().to_vec();
    (0..12).map(connect).collect()
}

#[test]
fn old_manifests_install_with_only_the_images_replaced() {
    let Some((plane, node)) = cluster() else { return };
    plane.succeed("kubectl label namespace default k8s.twr.io/imageswap=enabled");
    plane.namespace("unlabeled", "");
    // Three replicas at once, as the production overlay of v1.5.3 has them.
    let text = replaced(&manifests(IMAGE), "  replicas: 2\n", "  replicas: 3\n");
    let text = replaced(&text, "minReplicas: 2", "minReplicas: 3");
    plane.apply(&text);
    plane.succeed(&commands_of(PAGE, ("The init container", 1)));
    wait_until_it_swaps(&plane, &node, 3);
    assert_eq!(node.restarts(), 0);
    plane.wait("the last good set", |plane| {
        let kept = object(plane, "configmap/imageswap-last-good");
        kept["binaryData"]["set"].is_string()
    });
    assert_eq!(
        asked(&plane, "unlabeled", "nginx:1.25").as_deref(),
        Some("nginx:1.25")
    );

    let pair = secret(&plane);
    let bundle = ca_bundle(&plane, SWAPPING);
    assert_eq!(bundle, pair["ca.pem"]);
    assert_eq!(bundle.matches("BEGIN CERTIFICATE").count(), 1, "{bundle}");
    assert_eq!(served(&plane).len(), 1);
    let entry = &webhooks(&node, MUTATING)[0];
    assert_eq!(entry["name"], "imageswap.webhook.k8s.twr.io");
    assert_eq!(entry["failurePolicy"], "Fail");
    assert_eq!(
        entry["namespaceSelector"],
        json!({"matchLabels": {"k8s.twr.io/imageswap": "enabled"}})
    );

    // The same again, and a replica that crashes, change nothing.
    let load = Load::start(node.api);
    plane.apply(&text);
    node.crash(0);
    plane.wait("the replica", |_| node.ready() == 3 && node.restarts() == 1);
    // A third party empties what the API servers trust: gunicorn's name serves, and keeps it too.
    let empty = r#"[{"op": "replace", "path": "/webhooks/0/clientConfig/caBundle", "value": ""}]"#;
    plane.succeed(&format!(
        "kubectl patch mutatingwebhookconfiguration imageswap-webhook --type=json -p '{empty}'"
    ));
    plane.wait("the CA", |plane| ca_bundle(plane, SWAPPING) == bundle);
    wait_until_it_swaps(&plane, &node, 3);
    load.end().assert_failures(
        "v1.5.3's manifests: applied again, a crash, an emptied caBundle",
        |failure| is_of_a_crash(failure) || failure.contains("certificate signed by unknown authority"),
    );
    assert_eq!(secret(&plane), pair);
}

#[test]
fn upgrade_in_place_and_rollback_fail_no_pod() {
    let Some((plane, node)) = cluster() else { return };
    legacy::install(&plane);
    wait_until_it_swaps(&plane, &node, 2);
    let before = ca_bundle(&plane, SWAPPING);

    let load = Load::start(node.api);
    // What stands for the old program of the init container gives way, and then the page's command replaces the images.
    let text = replaced(
        &manifests("registry.example.com/imageswap:v1.5.3"),
        "  replicas: 2\n",
        "  replicas: 2\n  paused: true\n",
    );
    plane.apply(&text);
    plane.succeed(&commands_of(PAGE, ("The init container", 0)));
    plane.succeed("kubectl rollout resume deployment/imageswap -n imageswap-system");
    wait_until_it_swaps(&plane, &node, 2);
    let images = "kubectl get deployment imageswap -n imageswap-system -o jsonpath='{..image}'";
    assert_eq!(plane.succeed(images), format!("{IMAGE} {IMAGE}"));
    load.end()
        .assert_all_swapped("v1.5.3: only the image names replaced");

    // The old CA stays beside the new one, for the replicas of v1.5.3.
    let bundle = ca_bundle(&plane, SWAPPING);
    assert_eq!(bundle, secret(&plane)["ca.pem"]);
    assert_eq!(bundle.matches("BEGIN CERTIFICATE").count(), 2, "{bundle}");
    assert!(bundle.contains(before.trim()), "{bundle}");
    assert_eq!(object(&plane, "secret/imageswap-tls")["type"], "tls");
    plane.wait("one certificate", |plane| served(plane).len() == 1);

    // And back, by the commands of the other upgrade.
    let load = Load::start(node.api);
    run(&plane, legacy::ROLL_BACK);
    wait_until_it_swaps(&plane, &node, 2);
    let images = plane.succeed(images);
    assert!(images.contains("v1.5.3") && !images.contains(IMAGE), "{images}");
    load.end().assert_all_swapped("v1.5.3: back to its images");
}

#[test]
fn own_pair_of_v1_5_3_is_served_and_followed() {
    let Some((plane, node)) = cluster() else { return };
    plane.succeed("kubectl label namespace default k8s.twr.io/imageswap=enabled");
    plane.succeed(&format!("set -e\n{}", legacy::GENERATE));
    plane.succeed("kubectl create namespace imageswap-system");
    plane.succeed(
        "kubectl create secret generic imageswap-tls -n imageswap-system --from-file=cert.pem --from-file=key.pem && \
         kubectl annotate secret imageswap-tls -n imageswap-system imageswap-byoc=true && \
         kubectl create secret generic imageswap-tls-ca -n imageswap-system --from-file=rootca.pem=ca.crt",
    );
    plane.apply(&manifests(IMAGE));
    wait_until_it_swaps(&plane, &node, 2);
    assert_eq!(ca_bundle(&plane, SWAPPING), plane.read("ca.crt"));
    let first = served(&plane);
    assert_eq!(secret(&plane)["cert.pem"], plane.read("cert.pem"));

    // v1.5.3 served a renewed pair only after a restart.
    let load = Load::start(node.api);
    plane.succeed(&format!("set -e\n{}", RENEW));
    plane.succeed(
        "kubectl create secret generic imageswap-tls -n imageswap-system --dry-run=client -o yaml \
         --from-file=cert.pem=tls.crt --from-file=key.pem=tls.key > renewed.yaml && \
         kubectl patch secret imageswap-tls -n imageswap-system --patch-file renewed.yaml",
    );
    plane.wait("the renewed pair", |plane| {
        let now = served(plane);
        now.len() == 1 && now != first
    });
    load.end().assert_all_swapped("v1.5.3 with an own pair: renewal");
    assert_eq!(node.restarts(), 0);
}

#[test]
fn signer_of_v1_5_3_issues_the_pair_that_the_init_container_approves() {
    let Some((plane, node)) = cluster() else { return };
    plane.succeed("kubectl label namespace default k8s.twr.io/imageswap=enabled");
    plane.apply(&manifests_with(
        "IMAGESWAP_CSR_SIGNER_NAME",
        "kubernetes.io/kubelet-serving",
    ));
    // The CA that signs for kubelets is not that of the API server here: then nothing is armed by guess.
    plane.wait("the reason", |_| {
        node.log_text()
            .contains("is not that of the API server; put it into the Secret imageswap-tls-ca")
    });
    assert!(
        !plane
            .run("kubectl get mutatingwebhookconfiguration imageswap-webhook")
            .is_success
    );
    plane.succeed(
        "kubectl create secret generic imageswap-tls-ca -n imageswap-system --from-file=rootca.pem=cluster-signing.crt",
    );
    wait_until_it_swaps(&plane, &node, 2);
    assert_eq!(
        ca_bundle(&plane, SWAPPING).trim(),
        plane.read("cluster-signing.crt").trim()
    );
    let requests = plane.json("kubectl get csr -o json");
    let requests = requests["items"].as_array().unwrap();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0]["status"]["conditions"][0]["type"], "Approved");
    assert_eq!(served(&plane).len(), 1);
}

#[test]
fn configuration_is_yours_if_its_creation_is_turned_off() {
    let Some((plane, node)) = cluster() else { return };
    plane.succeed("kubectl label namespace default k8s.twr.io/imageswap=enabled");
    plane.apply(&manifests_with("IMAGESWAP_DISABLE_AUTO_MWC", "'TRUE'"));
    wait_for_rollout(&plane, &node, 2);
    assert!(
        !plane
            .run("kubectl get mutatingwebhookconfiguration imageswap-webhook")
            .is_success
    );
    // Only caBundle is kept.
    plane.succeed(
        "kubectl get configmap imageswap-mwc-template -n imageswap-system -o jsonpath='{.data.imageswap-mwc}' | \
         sed -e '/caBundle/d' -e 's/failurePolicy: Fail/failurePolicy: Ignore/' | kubectl create -f -",
    );
    wait_for_image(&plane, "default", "nginx:1.25", SWAPPED);
    assert_eq!(webhooks(&node, MUTATING)[0]["failurePolicy"], "Ignore");
}

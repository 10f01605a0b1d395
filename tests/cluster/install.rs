//! The installation, from each form of the manifests: a Pod is swapped, and nothing that happens to the installation
//! blocks a Pod.

use std::thread;
use std::time::Duration;

use imageswap_tests_support::tools::Tools;
use imageswap_tests_support::webhook::{ControlPlane, Node};
use serde_json::Value;

use super::asked;
use super::forms::{
    Form, HELM, INSTALL_YAML, KUSTOMIZE, RULES, SWAPPED, WORKLOAD, check_out, prepare, replaced, run,
    set_rules,
};
use super::load::{FEWEST, Load, is_of_a_crash};
use super::objects::{MUTATING, configuration, object};
use super::waits::{pods, wait_for_image, wait_until_it_swaps};
use crate::IMAGESWAP;

/// Starts a control plane with a node. `None` unless a variable asks for it.
pub(crate) fn cluster() -> Option<(ControlPlane, Node)> {
    cluster_for(&["imageswap-system"])
}

/// Starts a control plane with a node for the Pods of some namespaces. `None` unless a variable asks for it.
pub(crate) fn cluster_for(namespaces: &[&str]) -> Option<(ControlPlane, Node)> {
    ControlPlane::start_with_node(IMAGESWAP, env!("CARGO_TARGET_TMPDIR"), namespaces)
}

/// Starts a cluster with an installation that swaps.
pub(crate) fn installed() -> Option<(ControlPlane, Node)> {
    let (plane, node) = cluster()?;
    prepare(&plane, None);
    KUSTOMIZE.install(&plane);
    wait_until_it_swaps(&plane, &node, 2);
    Some((plane, node))
}

/// Returns what the webhook has written: keys and certificates, the last good set, and the entries.
fn written(plane: &ControlPlane) -> Vec<Value> {
    let field = |name: &str, field: &str| {
        let value = object(plane, name)[field].clone();
        assert_ne!(value, Value::Null, "{name}");
        value
    };
    vec![
        field("secret imageswap-tls", "data"),
        field("configmap imageswap-last-good", "binaryData"),
        field("mutatingwebhookconfiguration imageswap-webhook", "webhooks"),
        field("validatingwebhookconfiguration imageswap-webhook", "webhooks"),
    ]
}

/// Installs a form, applies it again, upgrades it and rolls it back under load, and uninstalls it. `helm` is the program
/// that a form by Helm uses.
fn life(form: &Form, helm: &str) {
    let Some((plane, node)) = cluster() else { return };
    let tools = (form.name == HELM.name).then(|| Tools::build_always(env!("CARGO_TARGET_TMPDIR"), &[helm]));
    prepare(&plane, tools.as_ref().map(|tools| (tools, helm)));
    form.install(&plane);
    wait_until_it_swaps(&plane, &node, 2);
    assert_eq!(image(&plane), "ghcr.io/imageswap/imageswap:0.1.0");
    assert_eq!(warnings(&plane), Vec::<Value>::new());

    if form.name == HELM.name {
        run(&plane, ("With Helm", 1));
        // Its Pod checks the rules that it mounts.
        let tested = plane.succeed("helm test imageswap -n imageswap-system --timeout=120s");
        assert!(tested.contains("Phase:          Succeeded"), "{tested}");
        set_rules(&plane, "rules v1\n\nswap docker.io/ to nowhere\n");
        assert!(
            !plane
                .run("helm test imageswap -n imageswap-system --timeout=120s")
                .is_success
        );
        set_rules(&plane, RULES);
    }

    plane.wait("the last good set", |plane| {
        let line =
            "kubectl get configmap imageswap-last-good -n imageswap-system -o jsonpath='{.binaryData.set}'";
        !plane.succeed(line).is_empty()
    });
    let load = Load::start(node.api);
    let before = written(&plane);
    form.again(&plane, form.upgrade);
    thread::sleep(Duration::from_secs(3));
    assert_eq!(written(&plane), before);
    if form.name == KUSTOMIZE.name {
        plane.succeed("kubectl diff -k deploy/base");
    }
    check_out(&plane, "0.1.0", "0.1.1");
    form.again(&plane, form.upgrade);
    assert_eq!(image(&plane), "ghcr.io/imageswap/imageswap:0.1.1");
    check_out(&plane, "0.1.1", "0.1.0");
    form.again(&plane, form.roll_back);
    assert_eq!(image(&plane), "ghcr.io/imageswap/imageswap:0.1.0");
    // The last old replicas end.
    plane.wait("the end of the old replicas", |plane| pods(plane) == 2);
    let created = load.end();
    assert_eq!(written(&plane), before);
    created.assert_all_swapped(&format!(
        "{helm} {}: second apply, upgrade and rollback",
        form.name
    ));

    run(&plane, form.uninstall);
    is_uninstalled(&plane);
    wait_for_image(&plane, "default", "nginx:1.25", "nginx:1.25");
    plane.wait("the end of all replicas", |plane| pods(plane) == 0);
}

/// Asserts that no object of the cluster is left.
pub(crate) fn is_uninstalled(plane: &ControlPlane) {
    let kinds =
        "mutatingwebhookconfigurations,validatingwebhookconfigurations,clusterroles,clusterrolebindings";
    let left = plane.succeed(&format!("kubectl get {kinds} -l app=imageswap -o name"));
    assert_eq!(left, "");
}

/// Returns the image of the Deployment.
fn image(plane: &ControlPlane) -> String {
    plane.succeed(
        "kubectl get deployment imageswap -n imageswap-system -o jsonpath='{.spec.template.spec.containers[0].image}'",
    )
}

/// Returns the events of rejected Pods, such as those of a violated pod security level.
fn warnings(plane: &ControlPlane) -> Vec<Value> {
    let events = object(plane, "events --field-selector reason=FailedCreate");
    events["items"].as_array().unwrap().clone()
}

#[test]
fn kustomize_installs_upgrades_rolls_back_and_uninstalls() {
    life(&KUSTOMIZE, "");
}

#[test]
fn helm_installs_upgrades_rolls_back_and_uninstalls() {
    life(&HELM, "helm");
}

#[test]
fn helm_3_installs_upgrades_rolls_back_and_uninstalls() {
    life(&HELM, "helm3");
}

#[test]
fn install_yaml_installs_upgrades_rolls_back_and_uninstalls() {
    life(&INSTALL_YAML, "");
}

#[test]
fn deleted_namespace_blocks_no_pod() {
    let Some((plane, node)) = installed() else { return };
    let load = Load::start(node.api);
    plane.succeed("kubectl delete namespace imageswap-system --timeout=120s");
    plane.wait("the end of the configurations", |plane| {
        let kinds = "mutatingwebhookconfigurations,validatingwebhookconfigurations";
        plane
            .succeed(&format!("kubectl get {kinds} -l app=imageswap -o name"))
            .is_empty()
    });
    thread::sleep(Duration::from_secs(2));
    let created = load.end();
    created.assert_none_rejected("the namespace is deleted");
    assert!(created.swapped > FEWEST, "{created:?}");
    // The same commands install it again.
    KUSTOMIZE.install(&plane);
    wait_until_it_swaps(&plane, &node, 2);
}

#[test]
fn webhook_arms_where_it_may_not_set_an_owner() {
    // OpenShift enables this plugin. It allows an owner only with the right to delete the object.
    let options = ["--enable-admission-plugins=OwnerReferencesPermissionEnforcement"];
    let build = env!("CARGO_TARGET_TMPDIR");
    let Some((plane, node)) =
        ControlPlane::start_with_options(IMAGESWAP, build, &["imageswap-system"], &options)
    else {
        return;
    };
    prepare(&plane, None);
    KUSTOMIZE.install(&plane);
    wait_until_it_swaps(&plane, &node, 2);
    let configuration = configuration(&node, MUTATING).unwrap();
    assert_eq!(configuration["metadata"]["ownerReferences"], Value::Null);
    let logs = node.log_text();
    assert!(logs.contains("webhook configuration without owner"), "{logs}");
    // The webhook removes its entries itself.
    plane.succeed("kubectl delete namespace imageswap-system --timeout=120s");
    wait_for_image(&plane, "default", "nginx:1.25", "nginx:1.25");
}

#[test]
fn replicas_and_api_server_end_under_load() {
    let Some((mut plane, node)) = installed() else {
        return;
    };

    // A replica ends: a drained node, or a scale-down.
    let load = Load::start(node.api);
    plane.succeed(
        "kubectl delete $(kubectl get pods -n imageswap-system -o name | head -1) -n imageswap-system",
    );
    plane.wait("the new replica", |_| node.ready() == 2);
    load.end().assert_all_swapped("a replica ends");

    // The API server restarts. Requests in the meantime have no answer.
    let load = Load::start(node.api);
    plane.restart_api_server();
    thread::sleep(Duration::from_secs(2));
    let created = load.end();
    created.log("the API server restarts");
    assert!(
        created.failures.is_empty() && created.swapped > FEWEST,
        "{created:?}"
    );

    // Each replica is killed in turn. The requests that it has, and those until its Service knows, fail. All later ones
    // succeed.
    let load = Load::start(node.api);
    for place in [0, 1] {
        node.crash(place);
        plane.wait("the replica again", |_| {
            node.restarts() == place + 1 && node.ready() == 2
        });
        thread::sleep(Duration::from_secs(1));
    }
    load.end()
        .assert_failures("both replicas are killed in turn", is_of_a_crash);
    let load = Load::start(node.api);
    thread::sleep(Duration::from_secs(5));
    load.end().assert_all_swapped("after both replicas were killed");
}

#[test]
fn break_glass_for_a_workload_a_namespace_and_the_cluster() {
    let Some((plane, _node)) = installed() else { return };

    let label = "labels: {app: web, k8s.twr.io/imageswap: disabled}}\n    spec";
    plane.apply(&replaced(WORKLOAD, "labels: {app: web}}\n    spec", label));
    let line = "kubectl get pods -l app=web -o jsonpath='{.items[*].spec.containers[*].image}'";
    plane.wait("the Pod of the workload", |plane| {
        plane.succeed(line) == "nginx:1.25"
    });

    plane.namespace("incident", "");
    assert_eq!(asked(&plane, "incident", "nginx:1.25").as_deref(), Some(SWAPPED));
    plane.succeed("kubectl label namespace incident k8s.twr.io/imageswap=disabled");
    wait_for_image(&plane, "incident", "nginx:1.25", "nginx:1.25");
    // Namespaces and Pods that the webhook must not block.
    let created = |namespace: &str, pod: &str| {
        plane.write("pod.yaml", pod);
        plane.succeed(&format!(
            "kubectl create -n {namespace} --dry-run=server -f pod.yaml -o jsonpath='{{.spec.containers[0].image}}'"
        ))
    };
    assert_eq!(created("kube-system", POD), "nginx:1.25");
    assert_eq!(created("imageswap-system", POD), "nginx:1.25");
    assert_eq!(created("default", POD), SWAPPED);
    let mirror = replaced(
        POD,
        "{name: web}",
        "{name: web, annotations: {kubernetes.io/config.mirror: x}}",
    );
    let mirror = replaced(&mirror, "spec:", "spec:\n  nodeName: node-1");
    assert_eq!(created("default", &mirror), "nginx:1.25");

    plane.succeed("kubectl delete mutatingwebhookconfiguration imageswap-webhook");
    wait_for_image(&plane, "default", "nginx:1.25", "nginx:1.25");
    // Back again.
    KUSTOMIZE.again(&plane, KUSTOMIZE.upgrade);
    wait_for_image(&plane, "default", "nginx:1.25", SWAPPED);
}

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  securityContext: {runAsNonRoot: true, runAsUser: 1, seccompProfile: {type: RuntimeDefault}}
  containers:
  - name: web
    image: nginx:1.25
    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
";

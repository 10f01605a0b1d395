//! The commands of docs/operations.md that change the source of the certificate, under load: from a certificate of one's own,
//! without access to the API server, to those of the webhook, and back.

use imageswap_tests_support::tools::Tools;
use imageswap_tests_support::webhook::{ControlPlane, Node};
use serde_json::{Value, json};

use super::forms::{Form, HELM_OWN, OWN, prepare, run};
use super::install::{cluster, is_uninstalled, pods, wait_until_it_swaps};
use super::load::Load;

/// Heading of the page for the commands.
const CHANGE: &str = "Change the source of the certificate";

fn data(plane: &ControlPlane, object: &str) -> Value {
    plane.json(&format!("kubectl get {object} -n imageswap-system -o json"))["data"].clone()
}

/// Returns `caBundle` of both configurations, which is the same.
fn ca_bundle(plane: &ControlPlane) -> Value {
    let [mutating, validating] = ["mutating", "validating"].map(|kind| {
        let line = format!("kubectl get {kind}webhookconfiguration imageswap-webhook -o json");
        plane.json(&line)["webhooks"][0]["clientConfig"]["caBundle"].clone()
    });
    assert_eq!(mutating, validating);
    mutating
}

/// Runs blocks of the page under load, until the new replicas have replaced the old ones. Only a form whose tool removes
/// the entries may leave Pods with their original images.
fn change(plane: &ControlPlane, node: &Node, what: &str, blocks: &[usize], has_gap: bool) {
    let load = Load::start(node.api);
    for block in blocks {
        run(plane, (CHANGE, *block));
        plane.wait("the end of the old replicas", |plane| pods(plane) == 2);
    }
    wait_until_it_swaps(plane, node);
    let created = load.end();
    created.log(what);
    let is_of_the_gap = |failure: &String| has_gap && failure.starts_with("not swapped: ");
    assert!(
        created.failures.iter().all(is_of_the_gap) && created.unanswered == 0,
        "{created:?}"
    );
    assert!(created.swapped > 100, "{created:?}");
}

/// Changes the source to the webhook and back. `own` is the Secret with one's own pair.
fn there_and_back(form: &Form, helm: &str, there: &[usize], back: &[usize], own: &str) {
    let Some((plane, node)) = cluster() else { return };
    let tools = (!helm.is_empty()).then(|| Tools::build_always(env!("CARGO_TARGET_TMPDIR"), &[helm]));
    prepare(&plane, tools.as_ref().map(|tools| (tools, helm)));
    form.install(&plane);
    wait_until_it_swaps(&plane, &node);
    let of_own = data(&plane, &format!("secret {own}"));
    let bundle = ca_bundle(&plane);

    let has_gap = helm == "helm3";
    change(
        &plane,
        &node,
        &format!("{} {helm}: to the webhook", form.name),
        there,
        has_gap,
    );
    let pair = data(&plane, "secret imageswap-tls");
    assert!(pair["ca-key.pem"].is_string(), "no CA");
    assert_eq!(ca_bundle(&plane), pair["ca.pem"]);

    change(&plane, &node, &format!("{} {helm}: back", form.name), back, false);
    assert_eq!(ca_bundle(&plane), bundle);
    assert_eq!(data(&plane, &format!("secret {own}")), of_own);
    let left = plane.succeed(
        "kubectl get clusterroles,clusterrolebindings,roles,rolebindings -A -l app=imageswap -o name",
    );
    assert_eq!(left, "");
    let annotations = plane.json("kubectl get mutatingwebhookconfiguration imageswap-webhook -o json");
    assert_eq!(
        annotations["metadata"]["annotations"]["imageswap.k8s.twr.io/managed"],
        json!(null)
    );

    run(&plane, form.uninstall);
    is_uninstalled(&plane);
}

#[test]
fn kustomize_changes_the_source_without_a_failed_pod() {
    there_and_back(&OWN, "", &[0], &[2, 3], "imageswap-tls");
}

#[test]
fn helm_changes_the_source_without_a_failed_pod() {
    there_and_back(&HELM_OWN, "helm", &[1], &[4, 5], "imageswap-own");
}

#[test]
fn helm_3_changes_the_source_without_a_rejected_pod() {
    there_and_back(&HELM_OWN, "helm3", &[1], &[4, 5], "imageswap-own");
}

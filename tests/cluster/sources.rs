//! The commands of docs/operations.md that change the source of the certificate, under load: from a certificate of one's own,
//! without access to the API server, to those of the webhook, and back.

use imageswap_tests_support::tools::Tools;
use imageswap_tests_support::webhook::{ControlPlane, Node};
use serde_json::{Value, json};

use super::forms::{Form, HELM_OWN, OWN, commands, prepare, replaced, run};
use super::install::{cluster, is_uninstalled};
use super::load::{Created, FEWEST, Load};
use super::objects::{CONFIGURATIONS, SWAPPING, ca_bundle, object, secret};
use super::operations::ISSUE;
use super::waits::{pods, wait_for_certificate, wait_until_it_swaps};

fn data(plane: &ControlPlane, name: &str) -> Value {
    object(plane, name)["data"].clone()
}

/// Returns `caBundle` of both configurations, which is the same.
fn both_bundles(plane: &ControlPlane) -> String {
    let [mutating, validating] =
        CONFIGURATIONS.map(|kind| ca_bundle(plane, &format!("{kind}/imageswap-webhook")));
    assert_eq!(mutating, validating);
    mutating
}

/// A block of commands of the page.
type Block = (&'static str, usize);

/// Runs blocks of the page under load, until the new replicas have replaced the old ones.
fn change(
    plane: &ControlPlane,
    node: &Node,
    what: &str,
    blocks: &[Block],
    replace: impl Fn(&str) -> String,
) -> Created {
    let load = Load::start(node.api);
    for block in blocks {
        plane.succeed(&format!("set -e\n{}", replace(&commands(*block))));
        plane.wait("the end of the old replicas", |plane| pods(plane) == 2);
    }
    wait_until_it_swaps(plane, node, 2);
    let created = load.end();
    created.assert_none_rejected(what);
    assert!(created.swapped > FEWEST, "{created:?}");
    created
}

/// Replaces one's own certificate by another one of the same CA.
fn replace_own(plane: &ControlPlane) {
    plane.succeed(&format!("mkdir new && cp ca.crt ca.key new && cd new && {ISSUE}"));
    run(plane, ("Your own certificate", 1));
    wait_for_certificate(plane, &plane.read("new/tls.crt"));
    assert_eq!(object(plane, "secret/imageswap-own")["type"], "kubernetes.io/tls");
    plane.succeed("cp new/tls.crt new/tls.key .");
}

/// Changes the source to the webhook and back by a tool. `own` is the Secret with one's own pair.
fn there_and_back(form: &Form, tool: &str, there: &[Block], back: &[Block], own: &str) {
    let helm = if tool.starts_with("helm") { tool } else { "" };
    let Some((plane, node)) = cluster() else { return };
    let tools = (!helm.is_empty()).then(|| Tools::build_always(env!("CARGO_TARGET_TMPDIR"), &[helm]));
    prepare(&plane, tools.as_ref().map(|tools| (tools, helm)));
    if tools.is_some() {
        plane.succeed(&format!("rm ca.crt && {ISSUE}"));
    }
    form.install(&plane);
    wait_until_it_swaps(&plane, &node, 2);
    if tools.is_some() {
        replace_own(&plane);
    }
    let of_own = data(&plane, &format!("secret/{own}"));
    let bundle = both_bundles(&plane);

    let name = format!("{} {tool}", form.name);
    let created = change(
        &plane,
        &node,
        &format!("{name}: to the webhook"),
        there,
        |commands| match tool {
            "helm3" if !commands.contains("Policy=Fail") => replaced(
                commands,
                "certificate.ca=\n",
                "certificate.ca=,webhook.failurePolicy=Ignore\n",
            ),
            "install.yaml" => replaced(commands, "-k deploy/base", "-f deploy/install.yaml"),
            _ => commands.to_owned(),
        },
    );
    // Helm 3 removes the entries.
    assert!(tool == "helm3" || created.failures.is_empty(), "{created:?}");
    let pair = secret(&plane);
    assert!(pair.contains_key("ca-key.pem"), "no CA");
    assert_eq!(both_bundles(&plane), pair["ca.pem"]);

    let created = change(
        &plane,
        &node,
        &format!("{name}: back"),
        back,
        |commands| match helm {
            "helm" => replaced(commands, "helm upgrade", "helm upgrade --force-conflicts"),
            _ => commands.to_owned(),
        },
    );
    assert!(created.failures.is_empty(), "{created:?}");
    assert_eq!(both_bundles(&plane), bundle);
    assert_eq!(data(&plane, &format!("secret/{own}")), of_own);
    let left = plane.succeed(
        "kubectl get clusterroles,clusterrolebindings,roles,rolebindings -A -l app=imageswap -o name",
    );
    assert_eq!(left, "");
    let configuration = object(&plane, SWAPPING);
    assert_eq!(
        configuration["metadata"]["annotations"]["imageswap.k8s.twr.io/managed"],
        json!(null)
    );

    run(&plane, form.uninstall);
    is_uninstalled(&plane);
}

/// From one's own certificate to those of the webhook.
const TO_WEBHOOK: [Block; 1] = [("Change the source of the certificate", 0)];
/// The last one is for Helm 3 only.
const HELM_TO_WEBHOOK: [Block; 2] = [
    ("Change the source of the certificate", 1),
    ("Change the source of the certificate", 2),
];
/// And back.
const TO_OWN: [Block; 2] = [
    ("Change the source of the certificate", 3),
    ("Change the source of the certificate", 4),
];
const HELM_TO_OWN: [Block; 2] = [
    ("Change the source of the certificate", 5),
    ("Change the source of the certificate", 6),
];

#[test]
fn kustomize_changes_the_source_without_a_failed_pod() {
    there_and_back(&OWN, "kustomize", &TO_WEBHOOK, &TO_OWN, "imageswap-tls");
}

#[test]
fn install_yaml_changes_the_source_without_a_failed_pod() {
    there_and_back(&OWN, "install.yaml", &TO_WEBHOOK, &TO_OWN, "imageswap-tls");
}

#[test]
fn helm_changes_the_source_without_a_failed_pod() {
    there_and_back(
        &HELM_OWN,
        "helm",
        &HELM_TO_WEBHOOK[..1],
        &HELM_TO_OWN,
        "imageswap-own",
    );
}

#[test]
fn helm_3_changes_the_source_without_a_rejected_pod() {
    there_and_back(
        &HELM_OWN,
        "helm3",
        &HELM_TO_WEBHOOK,
        &HELM_TO_OWN,
        "imageswap-own",
    );
}

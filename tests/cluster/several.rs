//! Two installations in one cluster: each has its own objects, and each starts while both are down.

use imageswap_tests_support::cert_manager::CertManager;
use imageswap_tests_support::tools::Tools;
use imageswap_tests_support::webhook::{ControlPlane, Node};

use super::forms::{SWAPPED, prepare};
use super::install::cluster_for;
use super::objects::{MUTATING, ca_bundle};
use super::waits::wait_for_image;

/// An installation for all namespaces but those of a team.
const PLATFORM: &str = "\
rules:
  files:
    10-example.rules: |
      rules v1
      swap  docker.io/  -> harbor.example.com/dockerhub/
webhook:
  excludedNamespaces: [team-swap]
  namespaceSelector:
    matchExpressions: [{key: team, operator: DoesNotExist}]
";

/// An installation for the namespaces of a team.
const TEAM: &str = "\
rules:
  files:
    10-example.rules: |
      rules v1
      swap  docker.io/  -> team.example.com/
webhook:
  excludedNamespaces: [imageswap-system]
  namespaceSelector:
    matchLabels: {team: a}
";

#[test]
fn two_installations_of_the_chart_do_not_collide() {
    let Some((plane, node)) = plane() else { return };
    two_installations(&plane, &node, "self-managed");
}

#[test]
fn two_installations_with_cert_manager_do_not_collide() {
    if !CertManager::is_wanted() {
        return;
    }
    let Some((plane, node)) = plane() else { return };
    let _manager = CertManager::start(&plane, env!("CARGO_TARGET_TMPDIR"));
    two_installations(&plane, &node, "cert-manager");
}

fn plane() -> Option<(ControlPlane, Node)> {
    cluster_for(&["imageswap-system", "team-swap"])
}

fn two_installations(plane: &ControlPlane, node: &Node, source: &str) {
    let tools = Tools::build_always(env!("CARGO_TARGET_TMPDIR"), &["helm"]);
    prepare(plane, Some((&tools, "helm")));
    plane.write("platform.yaml", PLATFORM);
    plane.write("team.yaml", TEAM);
    plane.namespace("team-a", "team=a");
    let wait_for = |namespace: &str, image: &str| wait_for_image(plane, namespace, "nginx:1.25", image);
    const OF_TEAM: &str = "team.example.com/library/nginx:1.25";

    let options = format!("--create-namespace --set certificate.source={source}");
    plane.succeed(&format!(
        "helm install imageswap deploy/chart -n imageswap-system {options} -f platform.yaml"
    ));
    wait_for("default", SWAPPED);
    plane.succeed(&format!(
        "helm install team deploy/chart -n team-swap {options} -f team.yaml"
    ));
    wait_for("team-a", OF_TEAM);
    plane.wait("four ready replicas", |_| node.ready() == 4);
    wait_for("default", SWAPPED);
    let names = ["imageswap-webhook", "team-imageswap-webhook"];
    let bundles = names.map(|name| ca_bundle(plane, &format!("{MUTATING}/{name}")));
    assert!(bundles.iter().all(|bundle| !bundle.is_empty()) && bundles[0] != bundles[1]);

    // Both are down, and each starts without the other.
    let scale = |replicas: u32| {
        for (deployment, namespace) in [("imageswap", "imageswap-system"), ("team-imageswap", "team-swap")] {
            plane.succeed(&format!(
                "kubectl scale deployment {deployment} -n {namespace} --replicas={replicas}"
            ));
        }
    };
    scale(0);
    plane.wait("the end of all replicas", |plane| {
        plane.succeed("kubectl get pods -A -o name").is_empty()
    });
    scale(2);
    plane.wait("four ready replicas", |_| node.ready() == 4);
    wait_for("team-a", OF_TEAM);
    wait_for("default", SWAPPED);

    plane.succeed("helm uninstall imageswap -n imageswap-system");
    wait_for("default", "nginx:1.25");
    wait_for("team-a", OF_TEAM);
}

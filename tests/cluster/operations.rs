//! The commands of docs/operations.md and of the README that the life of an installation does not have: rules, rotation,
//! break glass, and what to do when Pods are blocked.

use std::thread;
use std::time::Duration;

use imageswap_tests_support::pages::blocks;
use imageswap_tests_support::repository;
use imageswap_tests_support::webhook::{Api, ControlPlane, Node};
use serde_json::Value;

use super::asked;
use super::forms::{Form, KUSTOMIZE, OWN, SWAPPED, WORKLOAD, commands_of, copy_manifests, prepare, run};
use super::install::cluster;
use super::load::Load;
use super::objects::{SWAPPING, ca_bundle, object, replicas, served};
use super::waits::{wait_for_certificate, wait_for_image, wait_until_it_swaps};

#[test]
fn commands_of_the_page_do_what_it_says() {
    let Some((plane, node)) = cluster() else { return };
    prepare(&plane, None);
    run(&plane, ("With kustomize", 0));
    run(&plane, ("Set rules", 0));
    wait_until_it_swaps(&plane, &node, 2);
    assert_eq!(run(&plane, ("Set rules", 1)).trim(), SWAPPED);
    let seen = run(&plane, ("Set rules", 2));
    let has = |start: &str| seen.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!(
        (
            has("ready"),
            has("imageswap_certificate_expiry_timestamp_seconds")
        ),
        (2, 2),
        "{seen}"
    );
    let seen = plane.succeed(&commands_of("docs/troubleshooting.md", ("Troubleshooting", 0)));
    assert_eq!(
        (
            seen.matches("== imageswap-").count(),
            seen.matches("\nready\n").count()
        ),
        (2, 2),
        "{seen}"
    );
    log_level(&plane, &node);
    rules_in_git(&plane, &node);
    rotate_certificates_of_the_webhook(&plane, node.api);
    break_glass(&plane, &KUSTOMIZE);
    when_pods_are_blocked(&plane);
}

#[test]
fn commands_for_a_certificate_of_ones_own_do_what_the_page_says() {
    let Some((plane, node)) = cluster() else { return };
    prepare(&plane, None);
    plane.succeed(&format!(
        "rm ca.crt && {ISSUE} cp tls.crt tls.key ca.crt deploy/components/own-certificate"
    ));
    // First with failures that block nothing.
    run(&plane, ("With your own certificate", 4));
    run(&plane, ("With your own certificate", 1));
    assert_eq!(failure_policies(&plane), ["Ignore", "Ignore"]);
    let configuration = "deploy/components/directory/mutatingwebhookconfiguration.yaml";
    plane.succeed(&format!("mv {configuration}.bak {configuration}"));
    OWN.again(&plane, OWN.upgrade);
    assert_eq!(failure_policies(&plane), ["Fail", "Ignore"]);
    run(&plane, ("Set rules", 0));
    wait_until_it_swaps(&plane, &node, 2);
    // It makes no request to the API server.
    assert_eq!(
        plane.succeed("kubectl get clusterroles,roles -A -l app=imageswap -o name"),
        ""
    );
    rotate(&plane, node.api);
    // What helps if an installation cannot start.
    run(&plane, ("With your own certificate", 3));
    OWN.again(&plane, OWN.upgrade);
    wait_until_it_swaps(&plane, &node, 2);
}

/// Changes the level of the log of both replicas while they run, and back.
fn log_level(plane: &ControlPlane, node: &Node) {
    let restarts = node.restarts();
    for (block, count) in [
        (("Change the level while it runs", 0), 1),
        (("Change the level while it runs", 1), 2),
    ] {
        run(plane, block);
        let series = format!("\nimageswap_reloads_total{{result=\"ok\",what=\"log-level\"}} {count}\n");
        plane.wait("the new level in each replica", |plane| {
            let metrics = replicas(plane, "/metrics");
            metrics.len() == 2 && metrics.iter().all(|metrics| metrics.contains(&series))
        });
    }
    let changes = |from: &str, to: &str| {
        let change = format!("\"from\":\"{from}\",\"to\":\"{to}\"");
        node.log_text().matches(&change).count()
    };
    assert_eq!((changes("info", "debug"), changes("debug", "info")), (2, 2));
    assert_eq!(node.restarts(), restarts);
}

/// Applies rules from a repository, and those of the commit before, with the commands of docs/git.md.
fn rules_in_git(plane: &ControlPlane, node: &Node) {
    let page = "docs/git.md";
    let other = "rules v1\n\nswap docker.io/ -> mirror.example.com/\n";
    plane.succeed("mkdir rules && cp 10-mirror.rules rules/ && git init -q");
    let commit = "git add rules && git -c user.name=x -c user.email=x@example.com commit -qm x";
    plane.succeed(commit);
    plane.write("rules/10-mirror.rules", other);
    plane.succeed(commit);
    plane.succeed(&commands_of(page, ("From Git to the cluster", 0)));
    wait_for_image(
        plane,
        "default",
        "nginx:1.25",
        "mirror.example.com/library/nginx:1.25",
    );
    plane.succeed(&commands_of(page, ("Roll back", 0)));
    wait_until_it_swaps(plane, node, 2);
    let label = "kubectl get configmap -n imageswap-system -l imageswap.k8s.twr.io/rules=true -o name";
    assert_eq!(plane.succeed(label), "configmap/imageswap-rules\n");
}

/// Makes a CA and a certificate in the directory of command lines, or only a certificate if the CA is there.
pub(crate) const ISSUE: &str = "\
set -e
ec='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
[ -e ca.crt ] || openssl req -x509 $ec -days 30 -subj /CN=ca -keyout ca.key -out ca.crt
openssl req -new $ec -subj /CN=imageswap -keyout tls.key -out tls.csr
echo 'subjectAltName = DNS:imageswap.imageswap-system.svc' > san
openssl x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile san -out tls.crt
";

/// Renews the certificate and then the CA that the webhook keeps, under load.
fn rotate_certificates_of_the_webhook(plane: &ControlPlane, api: Api) {
    let authorities = || ca_bundle(plane, SWAPPING).matches("BEGIN CERTIFICATE").count();
    assert_eq!(authorities(), 1);
    // The webhook issues a certificate only if its CA is in `caBundle` for 10 seconds.
    thread::sleep(Duration::from_secs(12));
    let load = Load::start(api);
    for block in [("Rotate the certificate", 0), ("Rotate the certificate", 1)] {
        let old = served(plane);
        assert_eq!(old[0], old[1]);
        run(plane, block);
        plane.wait("a new certificate in each replica", |plane| {
            let new = served(plane);
            new[0] == new[1] && new[0] != old[0]
        });
    }
    assert_eq!(authorities(), 2);
    thread::sleep(Duration::from_secs(3));
    load.end()
        .assert_all_swapped("renewal of certificate and CA of the webhook");
}

/// Rotates the certificate and then the CA, under load.
fn rotate(plane: &ControlPlane, api: Api) {
    let load = Load::start(api);
    plane.succeed(&format!(
        "mkdir -p new && cp ca.crt ca.key new && cd new && {ISSUE}"
    ));
    run(plane, ("Your own certificate", 0));
    wait_for_certificate(plane, &plane.read("new/tls.crt"));

    plane.succeed(&format!("rm -r new && mkdir new && cd new && {ISSUE}"));
    run(plane, ("Your own certificate", 2));
    run(plane, ("Your own certificate", 0));
    wait_for_certificate(plane, &plane.read("new/tls.crt"));
    run(plane, ("Your own certificate", 3));
    // The API server uses the new `caBundle` after about a second.
    thread::sleep(Duration::from_secs(3));
    load.end().assert_all_swapped("rotation of certificate and CA");
}

fn break_glass(plane: &ControlPlane, form: &Form) {
    plane.apply(WORKLOAD);
    let line = "kubectl get pods -l app=web -o jsonpath='{.items[*].spec.containers[*].image}'";
    plane.wait("the swapped Pod of the workload", |plane| {
        plane.succeed(line) == SWAPPED
    });
    run(plane, ("Break glass", 0));
    plane.wait("its Pod with the original image", |plane| {
        plane.succeed(line).contains("nginx:1.25")
    });
    plane.namespace("team-a", "");
    run(plane, ("Break glass", 1));
    wait_for_image(plane, "team-a", "nginx:1.25", "nginx:1.25");
    run(plane, ("Break glass", 2));
    wait_for_image(plane, "default", "nginx:1.25", "nginx:1.25");
    form.again(plane, form.upgrade);
    // Before the entries are there, nothing carries the end of break glass to the template.
    wait_for_image(plane, "default", "nginx:1.25", SWAPPED);
    run(plane, ("Break glass", 3));
    wait_for_image(plane, "team-a", "nginx:1.25", SWAPPED);
    plane.wait("the swapped Pod of the workload", |plane| {
        plane.succeed(line).contains(SWAPPED)
    });
}

/// Returns the failure policies of all entries.
fn failure_policies(plane: &ControlPlane) -> Vec<Value> {
    let configuration = object(plane, SWAPPING);
    let entries = configuration["webhooks"].as_array().into_iter().flatten();
    entries.map(|entry| entry["failurePolicy"].clone()).collect()
}

/// Without a replica no Pod is created, until the webhook configuration ignores failures.
fn when_pods_are_blocked(plane: &ControlPlane) {
    plane.succeed("kubectl delete hpa imageswap -n imageswap-system");
    plane.succeed("kubectl scale deployment imageswap -n imageswap-system --replicas=0");
    plane.wait("a blocked Pod", |plane| {
        let ran = plane.run("kubectl run try --image=nginx --dry-run=server");
        ran.stderr
            .contains("failed calling webhook \"imageswap.webhook.k8s.twr.io\"")
    });
    run(plane, ("When Pods are blocked", 0));
    wait_for_image(plane, "default", "nginx:1.25", "nginx:1.25");
    // A replica that starts does not restore the entry before the annotation is gone.
    plane.succeed("kubectl scale deployment imageswap -n imageswap-system --replicas=2");
    plane.succeed("kubectl rollout status deployment/imageswap -n imageswap-system");
    thread::sleep(Duration::from_secs(3));
    assert_eq!(failure_policies(plane), ["Ignore", "Ignore"]);
    run(plane, ("When Pods are blocked", 1));
    plane.wait("the restored entry", |plane| {
        failure_policies(plane) == ["Fail", "Ignore"]
    });
}

#[test]
fn quickstart_of_the_readme_swaps_a_pod() {
    let Some((plane, node)) = cluster() else { return };
    let readme = repository::read("README.md");
    let mut blocks = blocks(&readme, "sh").into_iter();
    let block = blocks
        .find(|block| block.starts_with("kind create cluster"))
        .unwrap();
    assert_eq!(block.lines().count(), 4);
    let image = format!("ghcr.io/imageswap/imageswap:{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(block.matches(&image).count(), 2);
    copy_manifests(&plane);
    // The first two make the cluster and the image, which are here already.
    let commands: Vec<&str> = block
        .lines()
        .filter(|line| !line.starts_with("kind") && !line.starts_with("docker"))
        .collect();
    let [install, ask] = commands.as_slice() else {
        panic!("{commands:?}")
    };
    plane.succeed(install);
    assert_eq!(node.ready(), 1);
    // The API server uses a new webhook configuration after about a second.
    plane.wait("the swap", |plane| {
        asked(plane, "default", "nginx").as_deref() != Some("nginx")
    });
    let swapped = plane.succeed(ask);
    assert!(
        readme.contains(&format!("prints the image of the Pod, `{}`", swapped.trim())),
        "{swapped}"
    );
}

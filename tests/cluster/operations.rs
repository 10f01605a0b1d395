//! The commands of docs/operations.md and of the README that the life of an installation does not have: rules, rotation,
//! break glass, and what to do when Pods are blocked.

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use imageswap_tests_support::repository;
use imageswap_tests_support::webhook::{Api, Connection, ControlPlane};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::asked;
use super::forms::{KUSTOMIZE, WORKLOAD, prepare, run};
use super::install::{SWAPPED, cluster, wait_until_it_swaps};
use super::load::Load;

#[test]
fn commands_of_the_page_do_what_it_says() {
    let Some((plane, node)) = cluster() else { return };
    prepare(&plane, None);
    plane.succeed(&format!(
        "rm ca.crt && {ISSUE} cp tls.crt tls.key ca.crt deploy/components/own-certificate"
    ));
    // First with failures that block nothing.
    run(&plane, ("Install", 1));
    run(&plane, ("With kustomize", 0));
    assert_eq!(failure_policy(&plane), "Ignore");
    plane.succeed(
        "cd deploy && mv base/mutatingwebhookconfiguration.yaml.bak base/mutatingwebhookconfiguration.yaml",
    );
    KUSTOMIZE.again(&plane, KUSTOMIZE.upgrade);
    assert_eq!(failure_policy(&plane), "Fail");
    run(&plane, ("Set rules", 0));
    wait_until_it_swaps(&plane, &node);
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

    rotate(&plane, node.api);
    break_glass(&plane);
    when_pods_are_blocked(&plane);
}

/// Makes a CA and a certificate in the directory of command lines, or only a certificate if the CA is there.
const ISSUE: &str = "\
set -e
ec='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
[ -e ca.crt ] || openssl req -x509 $ec -days 30 -subj /CN=ca -keyout ca.key -out ca.crt
openssl req -new $ec -subj /CN=imageswap -keyout tls.key -out tls.csr
echo 'subjectAltName = DNS:imageswap.imageswap-system.svc' > san
openssl x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile san -out tls.crt
";

/// Waits until each replica has the certificate of a file.
pub(crate) fn wait_for_certificate(plane: &ControlPlane, file: &str) {
    let pem = plane.read(file);
    let wanted = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    let line = "kubectl get pods -n imageswap-system -l app=imageswap -o jsonpath='{.items[*].status.podIP}'";
    let addresses = plane.succeed(line);
    for host in addresses.split(' ') {
        let address: SocketAddr = format!("{host}:5000").parse().unwrap();
        plane.wait("the new certificate", |_| {
            Connection::try_open(address).is_ok_and(|connection| connection.certificate() == wanted.as_ref())
        });
    }
}

/// Rotates the certificate in both ways and then the CA, under load.
fn rotate(plane: &ControlPlane, api: Api) {
    let load = Load::start(api);
    for way in [0, 1] {
        plane.succeed(&format!(
            "mkdir -p new && cp ca.crt ca.key new && cd new && {ISSUE}"
        ));
        run(plane, ("Rotate the certificate", way));
        wait_for_certificate(plane, "new/tls.crt");
    }

    plane.succeed(&format!("rm -r new && mkdir new && cd new && {ISSUE}"));
    run(plane, ("Rotate the certificate", 2));
    run(plane, ("Rotate the certificate", 0));
    wait_for_certificate(plane, "new/tls.crt");
    run(plane, ("Rotate the certificate", 3));
    // The API server uses the new `caBundle` after about a second.
    thread::sleep(Duration::from_secs(3));
    let created = load.end();
    created.log("rotation of certificate and CA");
    assert!(
        created.failures.is_empty() && created.swapped > 100,
        "{created:?}"
    );
}

fn break_glass(plane: &ControlPlane) {
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
    plane.wait("a namespace without the webhook", |plane| {
        asked(plane, "team-a", "nginx:1.25").as_deref() == Some("nginx:1.25")
    });
    run(plane, ("Break glass", 2));
    plane.wait("a cluster without the webhook", |plane| {
        asked(plane, "default", "nginx:1.25").as_deref() == Some("nginx:1.25")
    });
    KUSTOMIZE.again(plane, KUSTOMIZE.upgrade);
    run(plane, ("Break glass", 3));
    plane.wait("the swap", |plane| {
        asked(plane, "team-a", "nginx:1.25").as_deref() == Some(SWAPPED)
    });
    plane.wait("the swapped Pod of the workload", |plane| {
        plane.succeed(line).contains(SWAPPED)
    });
    // What helps if an installation cannot start.
    run(plane, ("Install", 0));
    KUSTOMIZE.again(plane, KUSTOMIZE.upgrade);
}

fn failure_policy(plane: &ControlPlane) -> String {
    let object = "mutatingwebhookconfiguration imageswap-webhook";
    plane.succeed(&format!(
        "kubectl get {object} -o jsonpath='{{.webhooks[*].failurePolicy}}'"
    ))
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
    plane.wait("a Pod with its original image", |plane| {
        asked(plane, "default", "nginx:1.25").as_deref() == Some("nginx:1.25")
    });
}

#[test]
fn quickstart_of_the_readme_swaps_a_pod() {
    let Some((plane, node)) = cluster() else { return };
    let readme = repository::read("README.md");
    let block = readme
        .split("```sh\n")
        .find(|block| block.starts_with("kind create cluster"))
        .unwrap();
    let block = block.split("```").next().unwrap();
    assert_eq!(block.lines().count(), 5);
    let image = format!("ghcr.io/imageswap/imageswap:{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(block.matches(&image).count(), 2);
    plane.succeed(&format!(
        "cp -r '{}' deploy",
        repository::path("deploy").display()
    ));
    plane.succeed("cd deploy/components/own-certificate && rm -f tls.crt tls.key ca.crt");
    // The first two make the cluster and the image, which are here already.
    let commands: Vec<&str> = block
        .lines()
        .filter(|line| !line.starts_with("kind") && !line.starts_with("docker"))
        .collect();
    let [certificate, install, ask] = commands.as_slice() else {
        panic!("{commands:?}")
    };
    plane.succeed(certificate);
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

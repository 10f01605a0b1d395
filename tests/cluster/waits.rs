//! Waiting for replicas, and for what a Pod gets.

use imageswap_tests_support::webhook::{Connection, ControlPlane, Node};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::asked;
use super::forms::SWAPPED;
use super::objects::{of_pods, pod_addresses};

/// Returns the number of Pods of the installation.
pub(crate) fn pods(plane: &ControlPlane) -> usize {
    of_pods(plane, "metadata.name").len()
}

/// Waits until all replicas of the Deployment are up to date and ready, and no other Pod is left.
#[track_caller]
pub(crate) fn wait_for_rollout(plane: &ControlPlane, node: &Node, replicas: usize) {
    // An update replaces the replicas one after another.
    let timeout = if replicas > 2 { "180s" } else { "120s" };
    plane.succeed(&format!(
        "kubectl rollout status deployment/imageswap -n imageswap-system --timeout={timeout}"
    ));
    plane.wait("the replicas", |plane| {
        pods(plane) == replicas && node.ready() == replicas
    });
}

/// Waits until a Pod of a namespace would get an image.
#[track_caller]
pub(crate) fn wait_for_image(plane: &ControlPlane, namespace: &str, image: &str, expected: &str) {
    let what = format!("{expected} for {image} in the namespace {namespace}");
    plane.wait(&what, |plane| {
        asked(plane, namespace, image).as_deref() == Some(expected)
    });
}

/// Waits until a number of replicas is ready and swaps.
#[track_caller]
pub(crate) fn wait_until_it_swaps(plane: &ControlPlane, node: &Node, replicas: usize) {
    wait_for_rollout(plane, node, replicas);
    wait_for_image(plane, "default", "nginx:1.25", SWAPPED);
}

/// Waits until each replica serves a certificate in PEM.
#[track_caller]
pub(crate) fn wait_for_certificate(plane: &ControlPlane, pem: &str) {
    let wanted = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    for address in pod_addresses(plane) {
        plane.wait("the new certificate", |_| {
            Connection::try_open((address, 5000).into())
                .is_ok_and(|connection| connection.certificate() == wanted.as_ref())
        });
    }
}

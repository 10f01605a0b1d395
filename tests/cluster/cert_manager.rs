//! The overlay and the chart for cert-manager, with cert-manager's own controllers: they issue the key pair, inject
//! `caBundle`, renew the pair and rotate the CA, and no Pod fails meanwhile.

use std::thread;
use std::time::Duration;

use imageswap_tests_support::cert_manager::CertManager;
use imageswap_tests_support::webhook::{ControlPlane, get_plain};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::forms::{RULES, SWAPPED, prepare, run, set_rules};
use super::install::cluster_for;
use super::load::Load;
use super::objects::{SWAPPING, ca_bundle, pod_addresses, secret};
use super::waits::{wait_for_certificate, wait_for_image, wait_for_rollout, wait_until_it_swaps};

const NAMESPACE: &str = "imageswap-system";

/// The commands of the page that install it.
const INSTALL: (&str, usize) = ("With cert-manager", 0);

/// Returns the first certificate of a key of the Secret.
fn certificate(plane: &ControlPlane, key: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(secret(plane)[key].as_bytes()).unwrap()
}

/// Returns the certificates of `caBundle`.
fn authorities(plane: &ControlPlane) -> Vec<CertificateDer<'static>> {
    let pem = ca_bundle(plane, SWAPPING);
    let certificates = CertificateDer::pem_slice_iter(pem.as_bytes());
    certificates.map(Result::unwrap).collect()
}

/// Waits until both replicas serve the certificate of the Secret, and returns it.
fn served(plane: &ControlPlane) -> CertificateDer<'static> {
    assert_eq!(pod_addresses(plane).len(), 2);
    let pem = secret(plane)["tls.crt"].clone();
    wait_for_certificate(plane, &pem);
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

#[test]
fn cert_manager_renews_pair_and_ca_without_a_failed_pod() {
    if !CertManager::is_wanted() {
        return;
    }
    let build = env!("CARGO_TARGET_TMPDIR");
    let Some((mut plane, node)) = cluster_for(&[NAMESPACE]) else {
        return;
    };
    let manager = CertManager::start(&plane, build);
    prepare(&plane, None);
    run(&plane, INSTALL);
    set_rules(&plane, RULES);
    wait_until_it_swaps(&plane, &node, 2);
    let first = served(&plane);
    let ca = certificate(&plane, "ca.crt");
    let bundle = authorities(&plane);
    assert_eq!(bundle, std::slice::from_ref(&ca));

    let load = Load::start(node.api);

    // The same CA signs the next certificate.
    manager.renew(&plane, NAMESPACE, "imageswap-tls");
    let second = served(&plane);
    assert_ne!(second, first);
    assert_eq!(authorities(&plane), bundle);

    // The manifests do not have `caBundle`, so applying them again leaves that of cert-manager.
    run(&plane, INSTALL);
    plane.succeed("kubectl diff -k deploy/overlays/cert-manager");
    assert_eq!(authorities(&plane), bundle);

    // A new CA signs only the next certificate. Until the old CA has expired, `caBundle` has both.
    manager.renew(&plane, NAMESPACE, "imageswap-ca");
    assert_eq!(served(&plane), second);
    manager.renew(&plane, NAMESPACE, "imageswap-tls");
    let third = served(&plane);
    assert_ne!(third, second);
    let new_ca = certificate(&plane, "ca.crt");
    assert_ne!(new_ca, ca);
    plane.wait("the new CA", |plane| authorities(plane).len() == 2);
    let bundle = authorities(&plane);
    assert!(bundle.contains(&ca) && bundle.contains(&new_ca));

    // Longer than an API server takes to use a changed webhook configuration.
    thread::sleep(Duration::from_secs(3));
    load.end()
        .assert_all_swapped("two renewals and a rotation of the CA");

    let addresses = pod_addresses(&plane);
    assert_eq!(addresses.len(), 2);
    for address in addresses {
        let metrics = get_plain((address, 9090).into(), "/metrics").unwrap().text();
        let failures = metrics
            .lines()
            .find(|line| line.starts_with("imageswap_tls_handshake_failures_total"));
        assert!(failures.unwrap().ends_with(" 0"), "{failures:?}");
    }

    // A new API server has no connection yet, so it verifies the certificate.
    plane.restart_api_server();
    wait_for_image(&plane, "default", "nginx:1.25", SWAPPED);

    // The webhook keeps its certificate itself from now on.
    let load = Load::start(node.api);
    run(&plane, ("Change the source of the certificate", 7));
    run(&plane, ("Change the source of the certificate", 0));
    wait_for_rollout(&plane, &node, 2);
    load.end().assert_all_swapped("from cert-manager to the webhook");
    assert_ne!(certificate(&plane, "ca.pem"), new_ca);
}

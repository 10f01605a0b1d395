//! The overlay and the chart for cert-manager, with cert-manager's own controllers: they issue the key pair, inject
//! `caBundle`, renew the pair and rotate the CA, and no Pod fails meanwhile.

use std::net::IpAddr;
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imageswap_tests_support::cert_manager::CertManager;
use imageswap_tests_support::webhook::{Connection, ControlPlane, get_plain};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::asked;
use super::forms::{RULES, prepare, run, set_rules};
use super::install::pods;
use super::load::Load;
use crate::IMAGESWAP;

const NAMESPACE: &str = "imageswap-system";
const SWAPPED: &str = "harbor.example.com/dockerhub/library/nginx:1.25";

/// The commands of the page that install it.
const INSTALL: (&str, usize) = ("With cert-manager", 0);

/// Returns the bytes of a field of an object that has them in base64.
fn bytes(plane: &ControlPlane, object: &str, field: &str) -> Vec<u8> {
    let text = plane.succeed(&format!("kubectl get {object} -o jsonpath='{{{field}}}'"));
    STANDARD.decode(text).unwrap()
}

/// Returns a file of the Secret with the key pair.
fn secret(plane: &ControlPlane, key: &str) -> Vec<u8> {
    let field = format!(".data.{}", key.replace('.', "\\."));
    bytes(plane, &format!("secret imageswap-tls -n {NAMESPACE}"), &field)
}

/// Returns the certificates of `caBundle`.
fn ca_bundle(plane: &ControlPlane) -> Vec<CertificateDer<'static>> {
    let object = "mutatingwebhookconfiguration imageswap-webhook";
    let pem = bytes(plane, object, ".webhooks[0].clientConfig.caBundle");
    CertificateDer::pem_slice_iter(&pem).map(Result::unwrap).collect()
}

/// Returns the addresses of both replicas.
fn replicas(plane: &ControlPlane) -> Vec<IpAddr> {
    let line =
        format!("kubectl get pods -n {NAMESPACE} -l app=imageswap -o jsonpath='{{.items[*].status.podIP}}'");
    let addresses = plane.succeed(&line);
    let addresses: Vec<_> = addresses.split(' ').map(|text| text.parse().unwrap()).collect();
    assert_eq!(addresses.len(), 2);
    addresses
}

/// Waits until both replicas serve the certificate of the Secret, and returns it.
fn served(plane: &ControlPlane) -> CertificateDer<'static> {
    let leaf = CertificateDer::from_pem_slice(&secret(plane, "tls.crt")).unwrap();
    for address in replicas(plane) {
        plane.wait("the renewed certificate", |_| {
            Connection::open((address, 5000).into()).certificate() == leaf.as_ref()
        });
    }
    leaf
}

#[test]
fn cert_manager_renews_pair_and_ca_without_a_failed_pod() {
    if !CertManager::is_wanted() {
        return;
    }
    let build = env!("CARGO_TARGET_TMPDIR");
    let Some((mut plane, node)) = ControlPlane::start_with_node(IMAGESWAP, build, &[NAMESPACE]) else {
        return;
    };
    let manager = CertManager::start(&plane, build);
    prepare(&plane, None);
    run(&plane, INSTALL);
    set_rules(&plane, RULES);
    plane.wait("two ready replicas", |_| node.ready() == 2);
    plane.wait("a swapped Pod", |plane| {
        asked(plane, "default", "nginx:1.25").as_deref() == Some(SWAPPED)
    });
    let first = served(&plane);
    let ca = CertificateDer::from_pem_slice(&secret(&plane, "ca.crt")).unwrap();
    let bundle = ca_bundle(&plane);
    assert_eq!(bundle, std::slice::from_ref(&ca));

    let load = Load::start(node.api);

    // The same CA signs the next certificate.
    manager.renew(&plane, NAMESPACE, "imageswap-tls");
    let second = served(&plane);
    assert_ne!(second, first);
    assert_eq!(ca_bundle(&plane), bundle);

    // The manifests do not have `caBundle`, so applying them again leaves that of cert-manager.
    run(&plane, INSTALL);
    plane.succeed("kubectl diff -k deploy/overlays/cert-manager");
    assert_eq!(ca_bundle(&plane), bundle);

    // A new CA signs only the next certificate. Until the old CA has expired, `caBundle` has both.
    manager.renew(&plane, NAMESPACE, "imageswap-ca");
    assert_eq!(served(&plane), second);
    manager.renew(&plane, NAMESPACE, "imageswap-tls");
    let third = served(&plane);
    assert_ne!(third, second);
    let new_ca = CertificateDer::from_pem_slice(&secret(&plane, "ca.crt")).unwrap();
    assert_ne!(new_ca, ca);
    plane.wait("the new CA", |plane| ca_bundle(plane).len() == 2);
    let bundle = ca_bundle(&plane);
    assert!(bundle.contains(&ca) && bundle.contains(&new_ca));

    // Longer than an API server takes to use a changed webhook configuration.
    thread::sleep(Duration::from_secs(3));
    let created = load.end();
    created.log("two renewals and a rotation of the CA");
    assert!(created.failures.is_empty(), "{:?}", created.failures);
    assert!(created.swapped > 100 && created.unanswered == 0, "{created:?}");

    for address in replicas(&plane) {
        let metrics = get_plain((address, 9090).into(), "/metrics").unwrap().text();
        let failures = metrics
            .lines()
            .find(|line| line.starts_with("imageswap_tls_handshake_failures_total"));
        assert!(failures.unwrap().ends_with(" 0"), "{failures:?}");
    }

    // A new API server has no connection yet, so it verifies the certificate.
    plane.restart_api_server();
    plane.wait("a swapped Pod", |plane| {
        asked(plane, "default", "nginx:1.25").as_deref() == Some(SWAPPED)
    });

    // The webhook keeps its certificate itself from now on.
    let load = Load::start(node.api);
    run(&plane, ("Change the source of the certificate", 7));
    run(&plane, ("Change the source of the certificate", 0));
    plane.wait("the end of the old replicas", |plane| {
        pods(plane) == 2 && node.ready() == 2
    });
    let created = load.end();
    created.log("from cert-manager to the webhook");
    assert!(
        created.failures.is_empty() && created.swapped > 100,
        "{created:?}"
    );
    let authorities = secret(&plane, "ca.pem");
    assert!(CertificateDer::from_pem_slice(&authorities).unwrap() != new_ca);
}

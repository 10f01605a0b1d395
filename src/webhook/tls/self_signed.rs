//! A self-signed key pair, to try out the webhook on your machine.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::Path;

use rcgen::{CertificateParams, KeyPair};

use super::error::SelfSignedError;
use super::pair::PairText;
use super::shared::SharedPair;

/// A review from a real cluster, in the repository.
const REVIEW: &str = "docs/examples/review.json";
/// A minimal review, for a machine without the repository.
const SMALL_REVIEW: &str = r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"1","kind":{"group":"","version":"v1","kind":"Pod"},"operation":"CREATE","object":{"spec":{"containers":[{"name":"main","image":"nginx:1.25"}]}}}}"#;

/// Generates a pair for this machine and for the Service `imageswap` of a namespace.
///
/// # Errors
///
/// Returns an error if the system has no random numbers for a key, or the namespace is not part of a valid DNS name.
pub(crate) fn self_signed(namespace: &str) -> Result<SharedPair, SelfSignedError> {
    let service = format!("imageswap.{namespace}.svc");
    let names = [
        "localhost".to_owned(),
        "127.0.0.1".to_owned(),
        "::1".to_owned(),
        service,
    ];
    let key = KeyPair::generate().map_err(SelfSignedError::Make)?;
    let certificate = CertificateParams::new(names)
        .and_then(|parameters| parameters.self_signed(&key))
        .map_err(SelfSignedError::Make)?;
    SharedPair::new(PairText::new(certificate.pem(), key.serialize_pem())).map_err(SelfSignedError::Pair)
}

/// Prints a command that sends a review.
pub(crate) fn print_example_request(address: SocketAddr) {
    let host = match address.ip() {
        ip if ip.is_unspecified() || ip.is_loopback() => "localhost".to_owned(),
        ip if ip.is_ipv6() => format!("[{ip}]"),
        ip => ip.to_string(),
    };
    let review = if Path::new(REVIEW).is_file() {
        format!("@{REVIEW}")
    } else {
        format!("'{SMALL_REVIEW}'")
    };
    let _ = writeln!(
        io::stderr(),
        "\nThe certificate is self-signed. To send a review, run in another terminal:\n\n    \
         curl --insecure --data-binary {review} https://{host}:{}/\n",
        address.port()
    );
}

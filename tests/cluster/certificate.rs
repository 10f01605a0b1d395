//! Certificates that the API server rejects, as the log of the webhook explains them.

use std::time::{Duration, SystemTime};

use imageswap_tests_support::webhook::{ControlPlane, MAP, Pair, Start, Volume};

use super::{asked, webhook_configuration};
use crate::IMAGESWAP;

const DAY: Duration = Duration::from_secs(86_400);

#[test]
fn log_explains_why_the_api_server_rejects_the_certificate() {
    let Some(plane) = ControlPlane::start(IMAGESWAP, env!("CARGO_TARGET_TMPDIR")) else {
        return;
    };
    plane.succeed("kubectl label namespace default k8s.twr.io/imageswap=enabled");
    let now = SystemTime::now();
    let (valid, another) = (Pair::generate(), Pair::generate());
    let expired = Pair::between(now - 90 * DAY, now - DAY);
    let early = Pair::between(now + DAY, now + 90 * DAY);
    let elsewhere = Pair::for_names(&["imageswap.imageswap-system.svc"]);
    let nameless = Pair::for_names(&[]);
    for (pair, authority, hint) in [
        (&expired, &expired, "the certificate expired at 2"),
        (&early, &early, "the certificate is not valid before 2"),
        (
            &elsewhere,
            &elsewhere,
            "the certificate does not have the DNS name localhost",
        ),
        (
            &nameless,
            &nameless,
            "the certificate has no subject alternative name",
        ),
        (
            &valid,
            &another,
            "if the peer is the API server, its caBundle does not match the certificate",
        ),
    ] {
        let volume = Volume::mount(&pair.files());
        let server = Start::new(IMAGESWAP)
            .map(MAP)
            .args(["--tls-dir", volume.path().to_str().unwrap()])
            .serve();
        plane.apply(&webhook_configuration(&server, &authority.certificate));
        // It takes a moment until the API server calls by the new configuration.
        plane.wait(hint, |plane| {
            assert_eq!(server.metric("imageswap_requests_total", ""), 0.0);
            let is_denied = asked(plane, "default", "nginx:1.25").is_none();
            let mut failures = server.log().into_iter();
            let failure = failures.find(|line| line["message"] == "TLS handshake failed");
            is_denied
                && failure.is_some_and(|line| {
                    assert!(
                        line["error"].as_str().unwrap().contains("BadCertificate"),
                        "{line}"
                    );
                    assert!(line["hint"].as_str().unwrap().starts_with(hint), "{line}");
                    assert_eq!(line["server_name"], "localhost");
                    true
                })
        });
    }
}

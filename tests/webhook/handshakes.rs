//! Clients that reject the certificate: the log names the cause by the alert that they send.

use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use imageswap_tests_support::webhook::{IssuedPair, MAP, Pair, Server, Start, Volume};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme,
};
use serde_json::Value;

use crate::IMAGESWAP;

const CA_BUNDLE: &str = "if the peer is the API server, its caBundle does not match the certificate";
const SERVICE: &str = "imageswap.imageswap-system.svc";
const DAY: Duration = Duration::from_secs(86_400);

/// Rejects every certificate by one alert, as Go rejects every certificate by `bad_certificate`.
#[derive(Debug)]
struct Rejects(CertificateError);

impl ServerCertVerifier for Rejects {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Err(self.0.clone().into())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        unreachable!("the certificate is rejected before its signature")
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        unreachable!("the certificate is rejected before its signature")
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}

fn rejecting(error: CertificateError) -> ClientConfig {
    let builder = ClientConfig::builder_with_provider(ring::default_provider().into());
    builder
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Rejects(error)))
        .with_no_client_auth()
}

fn trusting(root: Option<&[u8]>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(root.map(|root| root.to_vec().into()));
    let builder = ClientConfig::builder_with_provider(ring::default_provider().into());
    builder
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

fn serve(files: &[(&str, &[u8])]) -> (Volume, Server) {
    let volume = Volume::mount(files);
    let start = Start::new(IMAGESWAP).map(MAP);
    let server = start.args(["--tls-dir", volume.path().to_str().unwrap()]).serve();
    (volume, server)
}

/// Shakes hands; the server sees the alert of a failure.
fn shake(server: &Server, client: ClientConfig, name: &str) -> std::io::Result<()> {
    let mut socket = TcpStream::connect(server.address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut tls = ClientConnection::new(client.into(), name).unwrap();
    while tls.is_handshaking() {
        tls.complete_io(&mut socket)?;
    }
    Ok(())
}

/// Returns the line about the handshake of a client that rejects the pair.
fn line_of(pair: &Pair, client: ClientConfig, name: &str) -> Value {
    let (_volume, server) = serve(&pair.files());
    shake(&server, client, name).unwrap_err();
    server.wait_for_log(|line| line["message"] == "TLS handshake failed")
}

/// Returns the date of the warning at start, `not_after` or `not_before`.
fn date(pair: &Pair, field: &str) -> String {
    let (_volume, server) = serve(&pair.files());
    let line = server.wait_for_log(|line| line[field].is_string());
    line[field].as_str().unwrap().to_owned()
}

#[test]
fn alert_of_a_go_client_is_explained_by_the_problem_of_the_certificate() {
    let now = SystemTime::now();
    let valid = Pair::for_names(&[SERVICE]);
    let wildcard = Pair::for_names(&["*.imageswap-system.svc"]);
    let elsewhere = Pair::generate();
    let nameless = Pair::for_names(&[]);
    let expired = Pair::between(now - 2 * DAY, now - DAY);
    let early = Pair::between(now + DAY, now + 60 * DAY);
    let expired_at = format!("the certificate expired at {}", date(&expired, "not_after"));
    let valid_from = format!(
        "the certificate is not valid before {}",
        date(&early, "not_before")
    );
    let no_name = "the certificate has no subject alternative name";
    let missing = format!("the certificate does not have the DNS name {SERVICE}");
    for (pair, name, hint) in [
        (&valid, SERVICE, CA_BUNDLE),
        (&wildcard, SERVICE, CA_BUNDLE),
        (&elsewhere, SERVICE, &missing),
        // An IP address is not sent to the server.
        (&elsewhere, "127.0.0.1", CA_BUNDLE),
        (&nameless, SERVICE, no_name),
        (&nameless, "127.0.0.1", no_name),
        // The dates come first: these lack the name too.
        (&expired, SERVICE, &expired_at),
        (&early, SERVICE, &valid_from),
    ] {
        for (error, alert) in [
            (CertificateError::BadEncoding, "BadCertificate"),
            (
                CertificateError::Other(rustls::OtherError(Arc::new(std::fmt::Error))),
                "CertificateUnknown",
            ),
        ] {
            let line = line_of(pair, rejecting(error), name);
            assert_eq!(
                (&line["level"], &line["hint"]),
                (&"WARN".into(), &hint.into()),
                "{line}"
            );
            assert!(line["error"].as_str().unwrap().contains(alert), "{line}");
            let server_name = if name == SERVICE {
                SERVICE.into()
            } else {
                Value::Null
            };
            assert_eq!(line["server_name"], server_name);
        }
    }
}

#[test]
fn other_alerts_name_their_own_cause() {
    let now = SystemTime::now();
    let valid = Pair::generate();
    let expired = Pair::between(now - 2 * DAY, now - DAY);
    let early = Pair::between(now + DAY, now + 60 * DAY);
    let expired_at = format!("the certificate expired at {}", date(&expired, "not_after"));
    let valid_from = format!(
        "the certificate is not valid before {}",
        date(&early, "not_before")
    );
    // These clients verify the certificate; rustls has an alert for each reason.
    for (pair, client, alert, hint) in [
        (&valid, trusting(None), "UnknownCA", CA_BUNDLE),
        (
            &expired,
            rejecting(CertificateError::UnknownIssuer),
            "UnknownCA",
            CA_BUNDLE,
        ),
        (
            &expired,
            trusting(Some(&expired.der)),
            "CertificateExpired",
            &expired_at,
        ),
        (
            &early,
            trusting(Some(&early.der)),
            "CertificateExpired",
            &valid_from,
        ),
    ] {
        let line = line_of(pair, client, "localhost");
        assert!(line["error"].as_str().unwrap().contains(alert), "{line}");
        assert_eq!(line["hint"], hint, "{line}");
    }
    let line = line_of(&valid, rejecting(CertificateError::Expired), "localhost");
    let hint = line["hint"].as_str().unwrap();
    assert!(
        hint.starts_with("the certificate is valid until 4096-01-01T00:00:00Z, so the clock of the peer"),
        "{line}"
    );
    let line = line_of(&valid, rejecting(CertificateError::Revoked), "localhost");
    assert_eq!(line["hint"], Value::Null, "{line}");
}

#[test]
fn chain_with_its_intermediate_is_trusted_by_the_root() {
    let issued = IssuedPair::generate(SystemTime::now() + 365 * DAY);
    let chain = issued.leaf.certificate.clone() + &issued.intermediate;
    let key = issued.leaf.key.as_bytes();
    let (_volume, server) = serve(&[("tls.crt", chain.as_bytes()), ("tls.key", key)]);
    shake(&server, trusting(Some(&issued.root)), "localhost").unwrap();
    let alone = issued.leaf.certificate.as_bytes();
    let (_volume, server) = serve(&[("tls.crt", alone), ("tls.key", key)]);
    shake(&server, trusting(Some(&issued.root)), "localhost").unwrap_err();
}

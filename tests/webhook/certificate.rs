//! The key pair: file names, reloads, and clients that distrust it.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, SystemTime};

use imageswap_tests_support::webhook::{
    Connection, IssuedPair, MAP, Pair, Server, Start, Volume, eventually,
};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore};

use crate::IMAGESWAP;

fn serve(volume: &Volume) -> Server {
    Start::new(IMAGESWAP)
        .map(MAP)
        .args(["--tls-dir", volume.path().to_str().unwrap()])
        .serve()
}

#[test]
fn file_names_of_tls_secrets_are_accepted() {
    let pair = Pair::generate();
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("tls.crt"), &pair.certificate).unwrap();
    fs::write(directory.path().join("tls.key"), &pair.key).unwrap();
    let server = Start::new(IMAGESWAP)
        .map(MAP)
        .args(["--tls-dir", directory.path().to_str().unwrap()])
        .serve();
    assert_eq!(server.connect().certificate(), pair.der);
}

#[test]
fn tls_directory_is_the_default_and_excludes_self_signed() {
    let pair = Pair::generate();
    let volume = Volume::mount(&pair.files());
    let directory = volume.path().to_str().unwrap();
    for start in [
        Start::new(IMAGESWAP).args(["--tls", "directory"]),
        Start::new(IMAGESWAP).env("IMAGESWAP_TLS", "Directory"),
    ] {
        let server = start.map(MAP).args(["--tls-dir", directory]).serve();
        assert_eq!(server.connect().certificate(), pair.der);
    }
    for start in [
        Start::new(IMAGESWAP).args(["--tls", "directory"]),
        Start::new(IMAGESWAP).env("IMAGESWAP_TLS", "directory"),
    ] {
        let (status, stderr) = start.self_signed().map(MAP).fail();
        assert_eq!(status, Some(2));
        assert!(
            stderr.contains("--tls and --self-signed exclude each other"),
            "{stderr}"
        );
    }
    let start = Start::new(IMAGESWAP).env("IMAGESWAP_TLS", "directory");
    let start = start.env("IMAGESWAP_SELF_SIGNED", "false").map(MAP);
    let server = start.args(["--tls-dir", directory]).serve();
    assert_eq!(server.connect().certificate(), pair.der);
}

#[test]
fn new_pair_is_used_for_new_connections_only() {
    let (old, new) = (Pair::generate(), Pair::generate());
    let mut volume = Volume::mount(&old.files());
    let server = serve(&volume);
    let mut kept = server.connect();
    assert_eq!(kept.certificate(), old.der);
    volume.update(&new.files());
    eventually("the new certificate", || {
        server.connect().certificate() == new.der
    });
    assert_eq!(kept.get("/healthz").status, 200);
    assert_eq!(
        server.metric("imageswap_reloads_total", "result=\"ok\",what=\"certificate\""),
        1.0
    );
}

#[test]
fn mismatched_pair_keeps_the_previous_one_and_is_reported() {
    let (old, new) = (Pair::generate(), Pair::generate());
    let mut volume = Volume::mount(&old.files());
    let server = serve(&volume);
    volume.update(&[
        ("cert.pem", new.certificate.as_bytes()),
        ("key.pem", old.key.as_bytes()),
    ]);
    let line = server.wait_for_log(|line| line["level"] == "ERROR");
    let reason = "the key in key.pem does not belong to the certificate in cert.pem";
    assert_eq!(line["message"], "reload failed");
    assert!(line["error"].as_str().unwrap().ends_with(reason), "{line}");
    assert_eq!(server.connect().certificate(), old.der);
    assert_eq!(
        server.metric(
            "imageswap_reloads_total",
            "result=\"failed\",what=\"certificate\""
        ),
        1.0
    );
    let ready = server.get("/readyz");
    assert_eq!(ready.status, 200);
    assert!(
        ready
            .text()
            .contains("certificate: reload failed, the previous key pair stays active: ")
            && ready.text().contains(reason),
        "{}",
        ready.text()
    );

    volume.update(&new.files());
    eventually("the new certificate", || {
        server.connect().certificate() == new.der
    });
    eventually("readiness", || server.get("/readyz").text() == "ready\n");
}

#[test]
fn chain_with_a_wrong_certificate_is_rejected_with_its_place() {
    let issued = IssuedPair::generate(SystemTime::now() + Duration::from_secs(86_400));
    let leaf = &issued.leaf.certificate;
    let cases = [
        (
            [&issued.intermediate, leaf],
            "the key in tls.key belongs to certificate 2 in tls.crt, not to the first one; put the leaf first, then \
             its intermediates",
        ),
        (
            [leaf, &leaf.replace("MII", "MIA")],
            "certificate 2 in tls.crt is not a valid X.509 certificate",
        ),
        (
            [&issued.intermediate, &issued.intermediate],
            "the key in tls.key does not belong to the certificate in tls.crt",
        ),
    ];
    for (chain, reason) in cases {
        let directory = tempfile::tempdir().unwrap();
        fs::write(
            directory.path().join("tls.crt"),
            chain.map(String::as_str).concat(),
        )
        .unwrap();
        fs::write(directory.path().join("tls.key"), &issued.leaf.key).unwrap();
        let path = directory.path().to_str().unwrap();
        let (status, stderr) = Start::new(IMAGESWAP).map(MAP).args(["--tls-dir", path]).fail();
        assert_eq!(
            (status, stderr),
            (
                Some(1),
                format!("imageswap: no valid key pair in {path}: {reason}\n")
            )
        );
    }
}

#[test]
fn version_1_certificate_is_rejected_in_words() {
    let reason = "the certificate in cert.pem has version 1 of X.509, which has no subject alternative names; issue \
                  one of version 3 with the DNS name SERVICE.NAMESPACE.svc";
    let (valid, old) = (Pair::generate(), Pair::of_version_1());
    let mut volume = Volume::mount(&old.files());
    let path = volume.path().to_str().unwrap().to_owned();
    let (status, stderr) = Start::new(IMAGESWAP).map(MAP).args(["--tls-dir", &path]).fail();
    assert_eq!(
        (status, stderr),
        (
            Some(1),
            format!("imageswap: no valid key pair in {path}: {reason}\n")
        )
    );
    volume.update(&valid.files());
    let server = serve(&volume);
    volume.update(&old.files());
    let line = server.wait_for_log(|line| line["message"] == "reload failed");
    assert_eq!(line["error"], format!("no valid key pair in {path}: {reason}"));
    assert!(server.get("/readyz").text().contains(reason));
    assert_eq!(server.connect().certificate(), valid.der);
}

#[test]
fn keys_are_never_logged() {
    let pair = Pair::generate();
    let mut volume = Volume::mount(&pair.files());
    let server = Start::new(IMAGESWAP)
        .map(MAP)
        .args([
            "--tls-dir",
            volume.path().to_str().unwrap(),
            "--log-level",
            "trace",
        ])
        .serve();
    // The contents of the two files are swapped.
    volume.update(&[
        ("cert.pem", pair.key.as_bytes()),
        ("key.pem", pair.certificate.as_bytes()),
    ]);
    server.wait_for_log(|line| line["level"] == "ERROR");
    let secret = pair.key.lines().nth(1).unwrap();
    assert!(server.log().iter().all(|line| !line.to_string().contains(secret)));
}

#[test]
fn client_that_distrusts_the_pair_is_logged_and_counted() {
    let server = Server::start(IMAGESWAP);
    let provider = rustls::crypto::ring::default_provider();
    let config = ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    let mut socket = TcpStream::connect(server.address).unwrap();
    let mut tls = ClientConnection::new(config.into(), ServerName::try_from("localhost").unwrap()).unwrap();
    while tls.complete_io(&mut socket).is_ok() {}
    let line = server.wait_for_log(|line| line["level"] == "WARN");
    assert_eq!(line["message"], "TLS handshake failed");
    assert!(line["hint"].as_str().unwrap().contains("caBundle"), "{line}");
    assert!(line["error"].as_str().unwrap().contains("UnknownCA"), "{line}");
    assert!(line["peer"].as_str().unwrap().starts_with("127.0.0.1:"), "{line}");
    assert_eq!(server.metric("imageswap_tls_handshake_failures_total", ""), 1.0);
}

#[test]
fn plain_request_is_a_handshake_failure_and_a_probe_is_not() {
    let server = Server::start(IMAGESWAP);
    drop(TcpStream::connect(server.address).unwrap());
    let mut socket = TcpStream::connect(server.address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    socket
        .write_all(b"GET / HTTP/1.1\r\nHost: webhook\r\n\r\n")
        .unwrap();
    let _ = socket.read_to_end(&mut Vec::new());
    eventually("the count", || {
        server.metric("imageswap_tls_handshake_failures_total", "") == 1.0
    });
    assert!(Connection::try_open(server.address).is_ok());
}

//! A request to the webhook by its Service, as an API server makes it: it shows that an API server with the `caBundle`
//! would get an answer.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_util::rt::TokioIo;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::kubernetes::error::causes;
use crate::kubernetes::settings::Names;

/// Maximum time for the whole request.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Maximum bytes of the answer, which is a few lines.
const MAX_ANSWER: usize = 64 << 10;
/// Maximum characters of the answer in an error.
const MAX_TEXT: usize = 500;

/// Asks `/readyz` of the webhook by its Service, and trusts exactly `bundle`, certificates in PEM.
///
/// # Errors
///
/// Returns the causes, in one line, if there is no answer, or if it is not 200.
pub(super) async fn reach(names: &Names, bundle: &str) -> Result<(), String> {
    let host = format!("{}.{}.svc", names.service, names.namespace);
    reach_at(&host, 443, bundle).await
}

async fn reach_at(host: &str, port: u16, bundle: &str) -> Result<(), String> {
    let place = format!("https://{host}:{port}/readyz");
    let answer = timeout(TIMEOUT, request(host, port, bundle)).await;
    let seconds = TIMEOUT.as_secs();
    answer
        .unwrap_or_else(|_| Err(format!("no answer within {seconds} s")))
        .map_err(|cause| format!("cannot reach the webhook by its Service, {place}: {cause}"))
}

async fn request(host: &str, port: u16, bundle: &str) -> Result<(), String> {
    let connector = connector(bundle)?;
    let name = ServerName::try_from(host.to_owned()).map_err(|error| causes(&error))?;
    let stream = TcpStream::connect((host, port))
        .await
        .map_err(|error| causes(&error))?;
    let stream = connector
        .connect(name, stream)
        .await
        .map_err(|error| causes(&error))?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| causes(&error))?;
    let request = Request::get("/readyz")
        .header(header::HOST, host)
        .header(header::CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|error| causes(&error))?;
    let answer = async {
        let response = sender
            .send_request(request)
            .await
            .map_err(|error| causes(&error))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), MAX_ANSWER).collect().await;
        Ok::<_, String>((
            status,
            body.map(http_body_util::Collected::to_bytes).unwrap_or_default(),
        ))
    };
    let (status, body) = tokio::select! {
        answer = answer => answer?,
        Err(error) = connection => return Err(causes(&error)),
    };
    if status == StatusCode::OK {
        return Ok(());
    }
    let body = String::from_utf8_lossy(&body);
    let text: String = body.trim().replace('\n', "; ").chars().take(MAX_TEXT).collect();
    Err(format!("the answer is {status}: {text}"))
}

fn connector(bundle: &str) -> Result<TlsConnector, String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(bundle.as_bytes()) {
        let added = certificate.map(|certificate| roots.add(certificate));
        added
            .map_err(|error| causes(&error))?
            .map_err(|error| causes(&error))?;
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| causes(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
    use rustls::ServerConfig;
    use rustls::pki_types::PrivateKeyDer;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::*;

    fn ca(name: &str) -> CertifiedIssuer<'static, KeyPair> {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
    }

    /// Starts a server with a certificate for a name, which answers once.
    async fn serve(ca: &CertifiedIssuer<'static, KeyPair>, name: &str, answer: &'static str) -> u16 {
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let leaf = leaf.signed_by(&key, ca).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![leaf.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = TlsAcceptor::from(Arc::new(config));
            let Ok(mut stream) = acceptor.accept(stream).await else {
                return;
            };
            let mut request = [0; 4096];
            let read = stream.read(&mut request).await.unwrap();
            assert!(request[..read].starts_with(b"GET /readyz HTTP/1.1\r\n"));
            stream.write_all(answer.as_bytes()).await.unwrap();
            let _ = stream.shutdown().await;
        });
        port
    }

    const READY: &str = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n";

    #[tokio::test]
    async fn webhook_with_a_certificate_of_the_bundle_is_reached() {
        let (ca, other) = (ca("ca"), ca("other"));
        let port = serve(&ca, "localhost", READY).await;
        let bundle = format!("{}{}", other.pem(), ca.pem());
        assert_eq!(reach_at("localhost", port, &bundle).await, Ok(()));
    }

    #[track_caller]
    fn assert_failed(result: Result<(), String>, causes: &[&str]) {
        let error = result.unwrap_err();
        for cause in causes {
            assert!(error.contains(cause), "{error}");
        }
        assert!(!error.contains('\n'), "{error}");
    }

    #[tokio::test]
    async fn each_failure_has_its_cause() {
        let (ca, other) = (ca("ca"), ca("other"));
        let port = serve(&ca, "localhost", READY).await;
        let result = reach_at("localhost", port, &other.pem()).await;
        assert_failed(result, &["https://localhost:", "/readyz: ", "UnknownIssuer"]);

        let port = serve(&ca, "example.com", READY).await;
        let result = reach_at("localhost", port, &ca.pem()).await;
        assert_failed(result, &["not valid for name", "localhost", "example.com"]);

        let waits = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 12\r\n\r\nwaits\nother\n";
        let port = serve(&ca, "localhost", waits).await;
        let result = reach_at("localhost", port, &ca.pem()).await;
        assert_failed(result, &["the answer is 503 Service Unavailable: waits; other"]);

        let port = serve(&ca, "localhost", "").await;
        assert_failed(
            reach_at("localhost", port, &ca.pem()).await,
            &["https://localhost:"],
        );

        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = closed.local_addr().unwrap().port();
        drop(closed);
        let result = reach_at("localhost", port, &ca.pem()).await;
        assert_failed(result, &["os error 111"]);

        let result = reach_at("missing.invalid", port, &ca.pem()).await;
        assert_failed(result, &["failed to lookup address information"]);
    }
}

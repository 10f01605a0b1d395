//! The floor: TLS, HTTP and a fixed answer, nothing parsed.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use salvo::conn::rustls::RustlsAcceptor;
use salvo::conn::tcp::TcpAcceptor;
use salvo::fuse::FuseConfig;
use salvo::prelude::*;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// As long as an answer with a patch for one image.
const ANSWER: &str = r#"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","response":{"uid":"d4589333-37f2-4d5d-9d57-a633d23b5f92","allowed":true,"patchType":"JSONPatch","patch":"W3sib3AiOiJyZXBsYWNlIiwicGF0aCI6Ii9zcGVjL2NvbnRhaW5lcnMvMC9pbWFnZSIsInZhbHVlIjoibWlycm9yLmV4YW1wbGUuY29tL2h1Yi9uZ2lueDoxLjI1In1d","auditAnnotations":{"digest":"0123456789abcdef"}}}"#;

#[handler]
async fn answer(request: &mut Request, response: &mut Response) {
    match request.payload_with_max_size(8 << 20).await {
        Ok(_) => {
            let _ = response.add_header("content-type", "application/json", true);
            let _ = response.write_body(ANSWER);
        }
        Err(_) => {
            response.status_code(StatusCode::BAD_REQUEST);
        }
    }
}

/// Serves until it is killed.
pub(crate) fn serve(port: u16) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
        socket.set_nodelay(true).expect("a socket");
        socket.set_reuseaddr(true).expect("a socket");
        socket.bind(address).expect("a free port");
        let listener = socket.listen(1024).expect("a free port");
        let acceptor = TcpAcceptor::try_from(listener).expect("a listener");
        let tls = Arc::new(ArcSwapOption::from_pointee(TlsAcceptor::from(Arc::new(tls()))));
        let acceptor = RustlsAcceptor::new(acceptor, tls, CancellationToken::new());
        let timeouts = FuseConfig::default().with_http1_header_timeout(Duration::from_secs(120));
        Server::new(acceptor)
            .fuse_config(timeouts)
            .serve(Router::new().post(answer))
            .await;
    });
}

fn tls() -> ServerConfig {
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::try_from(pair.signing_key.serialize_der()).expect("a key");
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder
        .with_safe_default_protocol_versions()
        .expect("versions of ring");
    let mut config = builder
        .with_no_client_auth()
        .with_single_cert(vec![pair.cert.into()], key)
        .expect("a pair");
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

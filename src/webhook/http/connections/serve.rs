//! The server of a port.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use salvo::conn::{ConnCtrl, SocketAddr, StraightStream};
use salvo::fuse::FuseConfig;
use salvo::http::uri::Scheme;
use salvo::prelude::*;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::requests::TrackedService;
use super::sockets::Sockets;
use super::stream::{SharedSocket, TrackedStream};
use super::table::Connections;
use super::tls::Handshakes;
use super::tracked::Tracked;

/// Maximum time that a client may read nothing of its answer.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// Size of the read buffer of a connection, in bytes. A connection whose body waits for memory holds several times as
/// much, and the body budget does not include it.
const READ_BUFFER: usize = 16 << 10;

/// Everything that the connections of a port share.
struct PortServer {
    address: SocketAddr,
    /// `None` for the port without TLS.
    handshakes: Option<Handshakes>,
    http: http1::Builder,
    service: Service,
}

/// Serves a port until `stop` has the time for requests in flight.
pub(in crate::webhook::http) async fn serve(
    listener: TcpListener,
    connections: Arc<Connections>,
    handshakes: Option<Handshakes>,
    service: Service,
    mut stop: oneshot::Receiver<Duration>,
) -> io::Result<()> {
    let mut http = http1::Builder::new();
    http.max_buf_size(READ_BUFFER)
        // The queue of the port closes connections that are idle for too long.
        .header_read_timeout(None);
    let server = Arc::new(PortServer {
        address: listener.local_addr()?.into(),
        handshakes,
        http,
        service,
    });
    let mut sockets = Sockets::new(listener, Arc::clone(&connections));
    let mut tasks = JoinSet::new();
    let time = loop {
        tokio::select! {
            (socket, tracked) = sockets.next() => {
                tasks.spawn(run(Arc::clone(&server), socket, tracked));
            }
            Some(_) = tasks.join_next(), if !tasks.is_empty() => {}
            time = &mut stop => break time.unwrap_or_default(),
        }
    };
    drop(sockets);
    connections.stop();
    let all = async { while tasks.join_next().await.is_some() {} };
    // The tasks that are left are aborted.
    let _ = timeout(time, all).await;
    Ok(())
}

async fn run(server: Arc<PortServer>, socket: SharedSocket, tracked: Tracked) {
    let tracked = Arc::new(tracked);
    let served = async {
        let timeouts = FuseConfig::disabled().with_write_stall_timeout(WRITE_TIMEOUT);
        let socket = StraightStream::new(socket, Some(timeouts), ConnCtrl::new(), None);
        match &server.handshakes {
            Some(handshakes) => {
                let stream = handshakes.shake(socket, &tracked).await;
                if let Some(stream) = stream {
                    serve_http(&server, stream, &tracked).await;
                }
            }
            None => serve_http(&server, socket, &tracked).await,
        }
    };
    tokio::select! {
        () = served => {}
        () = tracked.connection.aborted() => {}
    }
}

async fn serve_http<S>(server: &PortServer, stream: S, tracked: &Arc<Tracked>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    if tracked.opened().is_err() {
        return;
    }
    let scheme = match server.handshakes {
        Some(_) => Scheme::HTTPS,
        None => Scheme::HTTP,
    };
    let handler = server.service.hyper_handler(
        server.address.clone(),
        tracked.connection.peer().clone(),
        scheme,
        None,
        ConnCtrl::new(),
        None,
    );
    let service = TrackedService::new(handler, Arc::clone(tracked));
    let stream = TokioIo::new(TrackedStream::new(stream, Arc::clone(tracked)));
    let mut http = std::pin::pin!(server.http.serve_connection(stream, service));
    // An error is the end of this connection, and nothing else: its client has the cause, or is gone.
    tokio::select! {
        _ = http.as_mut() => return,
        () = tracked.connection.stopped() => {}
    }
    http.as_mut().graceful_shutdown();
    let _ = http.await;
}

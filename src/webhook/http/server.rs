//! The servers of the ports: reviews over TLS, health and metrics without TLS, and the page.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use salvo::prelude::*;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::connections::{Connections, Handshakes, Port, serve};
use super::endpoints::{Endpoints, plain_errors};
use super::error::{EndReason, ServerError};
use super::health::Health;
use super::reviews::{ENTRY_PARAM, ReviewSubject, Reviews};
use super::validate::Validations;
use crate::webhook::metrics::Metrics;
use crate::webhook::tls::{FailedHandshakes, SharedPair};

/// Maximum number of connections of the page. It is for a few people, and each may have a whole page in memory.
const MAX_PAGE_CONNECTIONS: usize = 32;

/// The sockets of the ports.
pub(crate) struct Listeners {
    pub(crate) tls: TcpListener,
    pub(crate) plain: TcpListener,
    /// The socket of the page, and its routes.
    pub(crate) page: Option<(TcpListener, Router)>,
}

/// The servers of the ports, while they run.
pub(crate) struct Servers {
    pub(crate) tls_address: SocketAddr,
    pub(crate) plain_address: SocketAddr,
    pub(crate) page_address: Option<SocketAddr>,
    tls: Running,
    plain: Running,
    page: Option<Running>,
}

struct Running {
    /// Sends the time for requests in flight.
    stop: oneshot::Sender<Duration>,
    /// `None` once it has stopped by itself.
    task: Option<JoinHandle<io::Result<()>>>,
}

impl Servers {
    pub(crate) fn start(
        listeners: Listeners,
        pair: &Arc<SharedPair>,
        reviews: Reviews,
        validations: Validations,
        health: &Arc<Health>,
        metrics: &Arc<Metrics>,
        max_connections: usize,
    ) -> Result<Self, ServerError> {
        let endpoints = Endpoints {
            health: Arc::clone(health),
            metrics: Arc::clone(metrics),
        };
        let tls_address = listeners.tls.local_addr()?;
        let plain_address = listeners.plain.local_addr()?;
        let config = Arc::clone(pair).server_config().map_err(ServerError::Tls)?;
        let failed = FailedHandshakes::new(Arc::clone(metrics), Arc::clone(pair));
        let handshakes = Handshakes::new(config, failed);
        let [tls, plain] =
            [Port::Tls, Port::Plain].map(|port| Arc::new(Connections::new(port, max_connections)));
        let (page, page_routes) = listeners.page.unzip();
        let page_address = page.as_ref().map(TcpListener::local_addr).transpose()?;
        let of_page = Arc::new(Connections::new(Port::Page, MAX_PAGE_CONNECTIONS));
        let page_counted = page.is_some().then(|| Arc::clone(&of_page));
        let counted = [Some(Arc::clone(&tls)), Some(Arc::clone(&plain)), page_counted];
        metrics.observe_connections(move || {
            let open = counted.iter().flatten();
            open.map(|connections| {
                (
                    connections.port().as_str(),
                    connections.count(),
                    connections.limit(),
                )
            })
            .collect()
        });
        // Only the TLS port has these routes: a review over plain HTTP could be read on its way.
        let hook = Router::with_path(format!("hook/{{{ENTRY_PARAM}}}")).post(reviews.clone());
        let glass = reviews.about(ReviewSubject::BreakGlass);
        let glass = Router::with_path("break-glass").post(glass);
        let validate = Router::with_path("validate").post(validations);
        let routes = Router::new().post(reviews).push(hook).push(glass).push(validate);
        let tls_routes = endpoints.clone().below(routes);
        Ok(Self {
            tls_address,
            plain_address,
            tls: Running::start(listeners.tls, tls, Some(handshakes), tls_routes),
            plain: Running::start(listeners.plain, plain, None, endpoints.below(Router::new())),
            page_address,
            page: page
                .zip(page_routes)
                .map(|(listener, routes)| Running::start(listener, of_page, None, routes)),
        })
    }

    /// Waits until a server stops by itself, and returns the error. Usually neither server does.
    pub(crate) async fn failed(&mut self) -> ServerError {
        let (address, reason) = tokio::select! {
            reason = self.tls.ended() => (self.tls_address, reason),
            reason = self.plain.ended() => (self.plain_address, reason),
            (address, reason) = page_ended(&mut self.page, self.page_address) => (address, reason),
        };
        ServerError::Ended { address, reason }
    }

    /// Stops the servers. Requests in flight have `timeout` to complete. Health is served until the end.
    pub(crate) async fn stop(self, timeout: Duration) {
        if let Some(page) = self.page {
            page.stop(Duration::ZERO).await;
        }
        self.tls.stop(timeout).await;
        // Probes and scrapes need no grace period, and the drain has kept this port open long enough.
        self.plain.stop(Duration::ZERO).await;
    }
}

/// Waits until the server of the page stops by itself. Never returns if there is none.
async fn page_ended(page: &mut Option<Running>, address: Option<SocketAddr>) -> (SocketAddr, EndReason) {
    match page.as_mut().zip(address) {
        Some((page, address)) => (address, page.ended().await),
        None => std::future::pending().await,
    }
}

impl Running {
    /// Starts a server. Only one with TLS takes reviews.
    fn start(
        listener: TcpListener,
        connections: Arc<Connections>,
        handshakes: Option<Handshakes>,
        router: Router,
    ) -> Self {
        let errors = plain_errors(handshakes.is_some());
        let service = Service::new(router.hoop(CatchPanic::new())).catcher(errors);
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(serve(listener, connections, handshakes, service, stopped));
        Self {
            stop,
            task: Some(task),
        }
    }

    async fn ended(&mut self) -> EndReason {
        let Some(task) = &mut self.task else {
            // After its end a server must not be awaited again, so its future never completes.
            return std::future::pending().await;
        };
        let ended = task.await;
        self.task = None;
        match ended {
            Ok(Ok(())) => EndReason::Unexpected,
            Ok(Err(error)) => EndReason::Accept(error),
            Err(error) => EndReason::Task(error),
        }
    }

    async fn stop(self, timeout: Duration) {
        // A server that stopped by itself does not receive it.
        let _ = self.stop.send(timeout);
        if let Some(task) = self.task {
            let _ = task.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    use super::*;

    fn start(listener: TcpListener, router: Router) -> Running {
        let connections = Arc::new(Connections::new(Port::Plain, 10));
        Running::start(listener, connections, None, router)
    }

    #[tokio::test]
    async fn server_that_stops_by_itself_is_reported_and_can_be_stopped() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut running = start(listener, Router::new());
        running.task.as_ref().unwrap().abort();
        assert!(running.ended().await.to_string().contains("cancelled"));
        running.stop(Duration::ZERO).await;
    }

    #[derive(Debug)]
    struct Panics;

    #[async_trait]
    impl Handler for Panics {
        async fn handle(&self, _: &mut Request, _: &mut Depot, _: &mut Response, _: &mut FlowCtrl) {
            panic!("expected panic");
        }
    }

    #[tokio::test]
    async fn panic_is_answered_in_plain_text_and_keeps_the_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().push(Router::with_path("panic").get(Panics));
        let running = start(listener, router);
        let mut client = TcpStream::connect(address).await.unwrap();
        let mut answers = String::new();
        for (path, status) in [("/panic", "500"), ("/elsewhere", "404")] {
            let request = format!("GET {path} HTTP/1.1\r\nHost: webhook\r\n\r\n");
            client.write_all(request.as_bytes()).await.unwrap();
            answers.clear();
            while !answers.ends_with(".\n")
                && !answers.ends_with("error\n")
                && !answers.ends_with("/metrics\n")
            {
                let mut chunk = [0; 1024];
                let read = client.read(&mut chunk).await.unwrap();
                assert!(read > 0, "{answers}");
                answers.push_str(std::str::from_utf8(&chunk[..read]).unwrap());
            }
            assert!(answers.starts_with(&format!("HTTP/1.1 {status} ")), "{answers}");
            assert!(
                answers.contains("content-type: text/plain; charset=utf-8"),
                "{answers}"
            );
        }
        running.stop(Duration::ZERO).await;
    }
}

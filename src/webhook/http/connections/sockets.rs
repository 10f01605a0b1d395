//! New connections of a port.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::{Interval, MissedTickBehavior, interval, sleep};

use super::stream::SharedSocket;
use super::table::Connections;
use super::tracked::Tracked;
use crate::webhook::logging::Limited;

/// Minimum interval between two lines of the log about a failure.
const LOG_INTERVAL: Duration = Duration::from_secs(10);
/// Interval at which idle connections are looked for.
const IDLE_CHECK: Duration = Duration::from_secs(1);
/// Time after which the next connection is tried again, if there is no file, or no connection to close in its place.
const RETRY: Duration = Duration::from_millis(2);

/// Accepts the connections of a port.
#[derive(Debug)]
pub(super) struct Sockets {
    listener: TcpListener,
    connections: Arc<Connections>,
    errors: Limited,
    idle_check: Interval,
    /// A client that has no place yet.
    next: Option<(SharedSocket, SocketAddr)>,
}

impl Sockets {
    pub(super) fn new(listener: TcpListener, connections: Arc<Connections>) -> Self {
        let mut idle_check = interval(IDLE_CHECK);
        idle_check.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            listener,
            connections,
            errors: Limited::new(LOG_INTERVAL),
            idle_check,
            next: None,
        }
    }

    /// Waits for the next connection. A canceled call loses none.
    pub(super) async fn next(&mut self) -> (SharedSocket, Tracked) {
        loop {
            if let Some((socket, peer)) = self.next.take() {
                let connection = self.connections.add(&peer.into(), socket.shared());
                if let Some(connection) = connection {
                    return (socket, Tracked::new(connection, Arc::clone(&self.connections)));
                }
                self.next = Some((socket, peer));
                sleep(RETRY).await;
                continue;
            }
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                _ = self.idle_check.tick() => {
                    self.connections.close_idle();
                    continue;
                }
            };
            match accepted {
                Ok((socket, peer)) => self.next = Some((SharedSocket::new(socket), peer)),
                Err(error) => self.failed(&error).await,
            }
        }
    }

    async fn failed(&self, error: &io::Error) {
        if error.kind() == io::ErrorKind::ConnectionAborted {
            // The client has closed the connection before it was accepted.
            return;
        }
        if let Some(suppressed) = self.errors.admit() {
            let port = self.connections.port().as_str();
            tracing::error!(port, %error, suppressed, "connections cannot be accepted");
        }
        if is_out_of_files(error) {
            self.connections.close_first();
        }
        sleep(RETRY).await;
    }
}

/// Returns true if the process or the system has too many open files.
fn is_out_of_files(error: &io::Error) -> bool {
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    matches!(error.raw_os_error(), Some(ENFILE | EMFILE))
}

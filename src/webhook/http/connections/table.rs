//! The connections of a port, and their limit.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use imageswap_engine::label;
use salvo::conn::SocketAddr;
use tokio::net::tcp::OwnedWriteHalf;

use super::super::deadline::micros;
use super::connection::{Connection, peer};
use super::place::{QueuePlace, Rank};
use super::queue::Queue;
use crate::webhook::logging::Limited;

/// Minimum interval between two lines of the log about the limit.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// A port, as a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::webhook::http) enum Port {
    Tls,
    Plain,
    Page,
}

label!(Port {
    Tls => "tls",
    Plain => "plain",
    Page => "page",
});

/// The connections of a port.
#[derive(Debug)]
pub(in crate::webhook::http) struct Connections {
    port: Port,
    limit: usize,
    started: Instant,
    log: Limited,
    queue: Mutex<Queue>,
}

impl Connections {
    /// Returns a port without connections, which has at most `limit`.
    pub(in crate::webhook::http) fn new(port: Port, limit: usize) -> Self {
        Self {
            port,
            limit,
            started: Instant::now(),
            log: Limited::new(LOG_INTERVAL),
            queue: Mutex::default(),
        }
    }

    /// Returns the number of open connections.
    pub(in crate::webhook::http) fn count(&self) -> usize {
        self.queue().len()
    }

    /// Returns the maximum number of open connections.
    pub(in crate::webhook::http) const fn limit(&self) -> usize {
        self.limit
    }

    pub(in crate::webhook::http) const fn port(&self) -> Port {
        self.port
    }

    /// Returns the time, in microseconds since the start.
    pub(super) fn now(&self) -> u64 {
        micros(self.started.elapsed())
    }

    /// Adds a connection. At the limit it closes another one. `None` if each of them has an answer.
    pub(super) fn add(&self, peer: &SocketAddr, socket: &Arc<OwnedWriteHalf>) -> Option<Arc<Connection>> {
        let mut queue = self.queue();
        let now = self.now();
        let mut closed = None;
        if queue.len() >= self.limit {
            closed = Some(queue.close_first(now)?);
        }
        let id = queue.next_id();
        let connection = Arc::new(Connection::new(id, now, peer.clone(), Arc::clone(socket)));
        queue.insert(Arc::clone(&connection));
        drop(queue);
        if let Some((closed, rank)) = closed {
            self.report(&closed, rank);
        }
        Some(connection)
    }

    /// Closes a connection for another one, which the system has no file for.
    pub(super) fn close_first(&self) {
        let now = self.now();
        self.queue().close_first(now);
    }

    /// Closes the connections that were idle for too long.
    pub(super) fn close_idle(&self) {
        let now = self.now();
        self.queue().close_idle(now);
    }

    /// Ends all connections after their requests in flight.
    pub(super) fn stop(&self) {
        self.queue().all().for_each(Connection::stop);
    }

    /// Moves a connection to another place.
    pub(super) fn shift(&self, connection: &Connection, place: QueuePlace) {
        self.queue().shift(connection, place);
    }

    /// Removes a connection that has ended.
    pub(super) fn remove(&self, connection: &Connection) {
        self.queue().remove(connection);
    }

    fn report(&self, closed: &Connection, rank: Rank) {
        if let Some(suppressed) = self.log.admit() {
            tracing::warn!(
                port = self.port.as_str(),
                limit = self.limit,
                peer = peer(closed.peer()),
                state = rank.as_str(),
                suppressed,
                "connection closed for a new one"
            );
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! A connection, as its own task sees it: the task changes its state.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use salvo::prelude::*;

use super::connection::Connection;
use super::place::{QueuePlace, Rank};
use super::state::{Phase, State};
use super::table::Connections;

/// An open connection with its port. It leaves the port when it is dropped.
#[derive(Debug)]
pub(super) struct Tracked {
    pub(super) connection: Arc<Connection>,
    port: Arc<Connections>,
    /// True if the answer is complete, so that it only has to be written.
    is_answered: AtomicBool,
}

impl Tracked {
    pub(super) const fn new(connection: Arc<Connection>, port: Arc<Connections>) -> Self {
        Self {
            connection,
            port,
            is_answered: AtomicBool::new(false),
        }
    }

    /// The client has begun its TLS handshake.
    pub(super) fn hello(&self) -> io::Result<()> {
        self.enter(self.connection.state(), Phase::Hello, self.port.now())
    }

    /// The connection can carry a request: it is accepted, and has had its TLS handshake, if any.
    pub(super) fn opened(&self) -> io::Result<()> {
        let state = self.connection.state();
        let since = match state.phase {
            Phase::Hello => self.port.now(),
            // Tasks may begin in another order than that in which their connections were accepted.
            _ => state.since,
        };
        self.enter(state, Phase::Unused, since)
    }

    /// The client has sent bytes.
    pub(super) fn received(&self) -> io::Result<()> {
        let state = self.connection.state();
        match state.phase {
            Phase::Unused | Phase::Idle | Phase::Handshake | Phase::Hello | Phase::Closed => {
                self.enter(state, Phase::Head, self.port.now())
            }
            Phase::PartOfHead => self.enter(state, Phase::Head, state.since),
            // They are a part of a body, or of the next request.
            Phase::Head | Phase::Body | Phase::PartOfBody => Ok(()),
            Phase::Answer | Phase::Queued | Phase::Unread => Ok(()),
        }
    }

    /// The client has sent no more bytes. A whole head never comes to this.
    pub(super) fn waits_for_head(&self) -> io::Result<()> {
        self.waits_in(Phase::Head, Phase::PartOfHead)
    }

    /// The head of a request is complete. If the connection is closed, there is no answer.
    pub(super) fn begins(&self, has_body: bool) {
        let state = self.connection.state();
        self.is_answered.store(false, Ordering::Relaxed);
        let since = match state.phase {
            Phase::Head => state.since,
            // The request was in the buffer of its predecessor.
            _ => self.port.now(),
        };
        self.connection.begin_request(since);
        let phase = if has_body { Phase::Body } else { Phase::Answer };
        if self.enter(state, phase, since).is_err() {
            // It was idle, and would end only after this request, which was in the buffer of its predecessor.
            self.connection.abort();
        }
    }

    /// The body of the request is read again.
    pub(super) fn reads_body(&self) -> io::Result<()> {
        let state = self.connection.state();
        match state.phase {
            Phase::PartOfBody | Phase::Closed => self.enter(state, Phase::Body, state.since),
            _ => Ok(()),
        }
    }

    /// The rest of the body is missing, or the memory for it.
    pub(super) fn waits_for_body(&self) -> io::Result<()> {
        self.waits_in(Phase::Body, Phase::PartOfBody)
    }

    fn waits_in(&self, reads: Phase, waits: Phase) -> io::Result<()> {
        let state = self.connection.state();
        if state.phase == reads {
            self.enter(state, waits, state.since)?;
            self.take_place(Rank::Receiving, state.since);
        }
        Ok(())
    }

    /// The request is complete, or its answer is there.
    pub(super) fn evaluates(&self) -> io::Result<()> {
        let state = self.connection.state();
        match state.phase {
            Phase::Answer | Phase::Unread => Ok(()),
            _ => self.enter(state, Phase::Answer, state.since),
        }
    }

    /// The request waits until others are evaluated.
    fn queues(&self) -> io::Result<()> {
        self.enter(self.connection.state(), Phase::Queued, self.port.now())
    }

    /// The answer is complete. It only has to be written.
    pub(super) fn answered(&self) {
        self.is_answered.store(true, Ordering::Relaxed);
    }

    /// The client does not read.
    pub(super) fn waits_for_reader(&self) -> io::Result<()> {
        let state = self.connection.state();
        if state.phase == Phase::Answer {
            let now = self.port.now();
            self.enter(state, Phase::Unread, now)?;
            // The deadline of its answer is looked for there.
            self.take_place(Rank::Unread, now);
        }
        Ok(())
    }

    /// Everything that was written is sent.
    pub(super) fn flushed(&self) -> io::Result<()> {
        if !self.is_answered.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.is_answered.store(false, Ordering::Relaxed);
        let state = self.connection.state();
        let now = self.port.now();
        self.enter(state, Phase::Idle, now)?;
        self.take_place(Rank::of_idle(self.connection.was_reviewed()), now);
        Ok(())
    }

    fn enter(&self, from: State, phase: Phase, since: u64) -> io::Result<()> {
        let entered = self.connection.change(from, State { phase, since });
        // The task ends, without a line of the log: the client sees the same as if it had closed the connection itself.
        entered.map_err(|_| io::ErrorKind::ConnectionReset.into())
    }

    /// Makes the rank of the queue true.
    fn take_place(&self, rank: Rank, since: u64) {
        if self.connection.place().rank != rank {
            self.port.shift(&self.connection, QueuePlace { rank, since });
        }
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        self.port.remove(&self.connection);
    }
}

/// Protects the connection of a request, whose body is complete, until it is answered. It never returns if the
/// connection was closed before.
pub(in crate::webhook::http) async fn evaluates(request: &Request) {
    if let Some(tracked) = tracked(request)
        && tracked.evaluates().is_err()
    {
        pending().await
    }
}

/// Waits for something before a request can be evaluated, such as the end of others. The connection can be closed
/// meanwhile.
pub(in crate::webhook) async fn queued<T>(request: &Request, turn: impl Future<Output = T>) -> T {
    if let Some(tracked) = tracked(request)
        && tracked.queues().is_err()
    {
        return pending().await;
    }
    let result = turn.await;
    evaluates(request).await;
    result
}

/// Limits the time from the head of a request until its answer is written.
pub(in crate::webhook::http) fn answer_within(request: &Request, timeout: Duration) {
    if let Some(tracked) = tracked(request) {
        tracked.connection.set_answer_timeout(timeout);
    }
}

/// Keeps the connection of a request for the idle time of the API server, because it had a review.
pub(in crate::webhook::http) fn reviewed(request: &Request) {
    if let Some(tracked) = tracked(request) {
        tracked.connection.set_reviewed();
    }
}

fn tracked(request: &Request) -> Option<&Arc<Tracked>> {
    request.extensions().get()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::net::{TcpListener, TcpStream};
    use tokio::time::timeout;

    use super::super::stream::SharedSocket;
    use super::super::table::Port;
    use super::*;

    /// Returns a connection that had a request and is idle, with its client.
    async fn idle() -> (Tracked, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (socket, peer) = listener.accept().await.unwrap();
        let port = Arc::new(Connections::new(Port::Plain, 1));
        let connection = port.add(&peer.into(), SharedSocket::new(socket).shared());
        let tracked = Tracked::new(connection.unwrap(), port);
        tracked.opened().unwrap();
        tracked.received().unwrap();
        tracked.begins(false);
        tracked.answered();
        tracked.flushed().unwrap();
        (tracked, client)
    }

    #[tokio::test]
    async fn request_in_the_buffer_of_a_closed_connection_ends_it() {
        let (tracked, _client) = idle().await;
        tokio::time::sleep(Duration::from_millis(1)).await;
        tracked.port.close_first();
        assert_eq!(tracked.port.count(), 0);
        let ends = || timeout(Duration::from_millis(100), tracked.connection.aborted());
        assert!(ends().await.is_err());
        tracked.begins(false);
        assert!(ends().await.is_ok());
    }

    #[tokio::test]
    async fn request_is_closed_only_before_its_evaluation() {
        let (tracked, _client) = idle().await;
        tracked.begins(false);
        for is_evaluated in [true, false] {
            tracked.queues().unwrap();
            tokio::time::sleep(Duration::from_millis(1)).await;
            if is_evaluated {
                tracked.evaluates().unwrap();
            }
            tracked.port.close_first();
            assert_eq!(tracked.evaluates().is_ok(), is_evaluated);
        }
        assert_eq!(tracked.port.count(), 0);
    }

    #[tokio::test]
    async fn request_that_has_begun_is_not_closed() {
        let (tracked, _client) = idle().await;
        tracked.received().unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
        for phase in [Phase::Head, Phase::Body, Phase::Answer] {
            tracked.port.close_first();
            assert_eq!(tracked.connection.state().phase, phase);
            match phase {
                Phase::Head => tracked.begins(true),
                _ => tracked.evaluates().unwrap(),
            }
        }
        assert_eq!(tracked.port.count(), 1);
    }
}

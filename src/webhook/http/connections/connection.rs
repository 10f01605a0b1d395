//! One connection, as all tasks of its port see it.

use std::mem::MaybeUninit;
use std::net;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use salvo::conn::SocketAddr;
use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::Notify;

use super::super::deadline::{DEFAULT_TIMEOUT, micros};
use super::place::{PlaceWord, QueuePlace, Rank};
use super::state::{Closed, Phase, State, StateWord};

/// An open connection.
#[derive(Debug)]
pub(super) struct Connection {
    /// Number on the port.
    id: u64,
    peer: SocketAddr,
    /// The half of the socket that several tasks can use.
    socket: Arc<OwnedWriteHalf>,
    state: StateWord,
    /// True once a review was answered.
    was_reviewed: AtomicBool,
    /// Time at which the request in flight began, in microseconds since the start of the port.
    began: AtomicU64,
    /// Maximum time from there until its answer is written, in microseconds; 0 if its client sent none.
    answer_timeout: AtomicU64,
    /// The place in the queue.
    place: PlaceWord,
    abort: Notify,
    stop: Notify,
}

/// Returns the address of a client. A client that uses IPv4 has its IPv4 address, also if the socket is an IPv6 socket.
pub(in crate::webhook::http) fn peer(address: &SocketAddr) -> String {
    // A dual-stack socket shows IPv4 clients as `::ffff:192.0.2.1`, which nobody searches for in a log.
    match address.clone().into_std() {
        Some(address) => net::SocketAddr::new(address.ip().to_canonical(), address.port()).to_string(),
        None => address.to_string(),
    }
}

impl Connection {
    /// Returns a connection that was accepted `now`, in microseconds since the start of the port.
    pub(super) fn new(id: u64, now: u64, peer: SocketAddr, socket: Arc<OwnedWriteHalf>) -> Self {
        let state = State {
            phase: Phase::Handshake,
            since: now,
        };
        let place = QueuePlace {
            rank: Rank::Unused,
            since: now,
        };
        Self {
            id,
            peer,
            socket,
            state: StateWord::new(state),
            was_reviewed: AtomicBool::new(false),
            began: AtomicU64::new(now),
            answer_timeout: AtomicU64::new(0),
            place: PlaceWord::new(place),
            abort: Notify::new(),
            stop: Notify::new(),
        }
    }

    pub(super) const fn id(&self) -> u64 {
        self.id
    }

    pub(super) const fn peer(&self) -> &SocketAddr {
        &self.peer
    }

    pub(super) fn state(&self) -> State {
        self.state.load()
    }

    /// Changes the state. Only the task of the connection does that.
    pub(super) fn change(&self, from: State, to: State) -> Result<(), Closed> {
        self.state.change(from, to)
    }

    pub(super) fn was_reviewed(&self) -> bool {
        self.was_reviewed.load(Ordering::Relaxed)
    }

    /// Begins a request.
    pub(super) fn begin_request(&self, now: u64) {
        self.began.store(now, Ordering::Relaxed);
        self.answer_timeout.store(0, Ordering::Relaxed);
    }

    /// Sets the timeout of the answer to the request in flight.
    pub(super) fn set_answer_timeout(&self, timeout: Duration) {
        self.answer_timeout.store(micros(timeout), Ordering::Relaxed);
    }

    /// Returns the deadline of an answer that the client has not read since `unread`. Both are microseconds since the start
    /// of the port.
    pub(super) fn answer_deadline(&self, unread: u64) -> u64 {
        match self.answer_timeout.load(Ordering::Relaxed) {
            0 => unread.saturating_add(micros(DEFAULT_TIMEOUT)),
            timeout => self.began.load(Ordering::Relaxed).saturating_add(timeout),
        }
    }

    pub(super) fn set_reviewed(&self) {
        self.was_reviewed.store(true, Ordering::Relaxed);
    }

    pub(super) fn place(&self) -> QueuePlace {
        self.place.load()
    }

    /// Sets the place. Only the queue of the connection does that.
    pub(super) fn set_place(&self, place: QueuePlace) {
        self.place.store(place);
    }

    /// Returns true if the socket has bytes that the task of the connection has not read.
    pub(super) fn has_unread(&self) -> bool {
        let mut byte = [MaybeUninit::uninit()];
        let stream: &TcpStream = self.socket.as_ref().as_ref();
        // If the client has closed its side, the length is 0. Without a byte the result is an error.
        SockRef::from(stream)
            .peek(&mut byte)
            .is_ok_and(|length| length > 0)
    }

    /// Closes the connection. Returns false if it has left the state `from`.
    pub(super) fn close(&self, from: State) -> bool {
        let is_closed = self.state.close(from);
        if is_closed {
            match from.phase {
                // TLS tells the client.
                Phase::Idle => self.stop.notify_one(),
                _ => self.abort(),
            }
        }
        is_closed
    }

    /// Ends the connection after the request in flight.
    pub(super) fn stop(&self) {
        self.stop.notify_one();
    }

    /// Ends the connection at once.
    pub(super) fn abort(&self) {
        self.abort.notify_one();
    }

    /// Waits until the connection has to end at once.
    pub(super) async fn aborted(&self) {
        self.abort.notified().await;
    }

    /// Waits until the connection has to end after the request in flight.
    pub(super) async fn stopped(&self) {
        self.stop.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv4_client_is_named_by_its_ipv4_address() {
        let mapped: net::SocketAddr = "[::ffff:192.0.2.1]:4000".parse().unwrap();
        assert_eq!(peer(&mapped.into()), "192.0.2.1:4000");
        let other: net::SocketAddr = "[2001:db8::1]:4000".parse().unwrap();
        assert_eq!(peer(&other.into()), "[2001:db8::1]:4000");
    }
}

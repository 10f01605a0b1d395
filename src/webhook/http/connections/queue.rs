//! The queue of the connections of a port, in the order in which they are closed.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::connection::Connection;
use super::place::{QueuePlace, Rank};
use super::sparing::{Closings, Spared, Sparing};
use super::state::Phase;

/// Maximum time between two bytes of a request if the connection had no review, and for a head, in microseconds.
const SHORT_TIMEOUT: u64 = 10_000_000;
/// Maximum time that a connection that had a review is idle, in microseconds. It is longer than the 90 s after which
/// the API server closes an idle connection. If the webhook closed first, it could do so while the API server sends a
/// request, which would then fail.
const REVIEWED_TIMEOUT: u64 = 120_000_000;

/// All connections of a port.
///
/// Most changes of a state need no change of the queue: a place may be too early. A connection that waits for its
/// client in a phase that comes earlier than its place is moved at once.
#[derive(Debug, Default)]
pub(super) struct Queue {
    connections: BTreeMap<(QueuePlace, u64), Arc<Connection>>,
    next_id: u64,
    closings: Closings,
}

/// The connection of a rank that is closed first.
enum Choice {
    Closed(Arc<Connection>),
    /// It will be there in a moment.
    TooYoung,
    Missing,
}

impl Queue {
    pub(super) fn len(&self) -> usize {
        self.connections.len()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Connection> {
        self.connections.values().map(Arc::as_ref)
    }

    /// Returns a new number for a connection.
    pub(super) fn next_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    pub(super) fn insert(&mut self, connection: Arc<Connection>) {
        self.connections.insert(key(&connection), connection);
    }

    /// Removes a connection, if it is still there.
    pub(super) fn remove(&mut self, connection: &Connection) {
        self.connections.remove(&key(connection));
    }

    /// Moves a connection to another place, if it is still there.
    pub(super) fn shift(&mut self, connection: &Connection, place: QueuePlace) {
        if let Some(moved) = self.connections.remove(&key(connection)) {
            moved.set_place(place);
            self.insert(moved);
        }
    }

    /// Closes the first connection in the order of places, and returns it with its rank. `None` if there will be one in a
    /// moment: each of them has an answer, or the first one is new.
    pub(super) fn close_first(&mut self, now: u64) -> Option<(Arc<Connection>, Rank)> {
        let sparing = self.closings.sparing(now, self.len(), self.next_id);
        // If nothing else is left, new clients are.
        let passes = Rank::ALL.map(|rank| (rank, sparing));
        for (rank, sparing) in passes.into_iter().chain([(Rank::Unused, Sparing::NONE)]) {
            match self.close_first_of(rank, now, sparing) {
                Choice::Closed(connection) => {
                    self.closings.count();
                    return Some((connection, rank));
                }
                Choice::TooYoung => return None,
                Choice::Missing => {}
            }
        }
        None
    }

    /// Closes the first connection of a rank.
    fn close_first_of(&mut self, rank: Rank, now: u64, sparing: Sparing) -> Choice {
        // A connection that is moved to `now` is not seen again, so the loop ends.
        let end = QueuePlace { rank, since: now };
        let mut from = (QueuePlace { rank, since: 0 }, 0);
        while let Some((&key, connection)) = self.connections.range(from..(end, 0)).next() {
            let connection = Arc::clone(connection);
            let state = connection.state();
            match QueuePlace::of(state, connection.was_reviewed()) {
                Some(actual) if actual != key.0 => {
                    self.shift(&connection, actual);
                    continue;
                }
                None => {
                    self.shift(&connection, end);
                    continue;
                }
                Some(_) => {}
            }
            if rank == Rank::Unused {
                match sparing.of(connection.id(), state) {
                    Spared::No => {}
                    Spared::Yes => {
                        from = (key.0, key.1 + 1);
                        continue;
                    }
                    Spared::Rest => return Choice::Missing,
                    Spared::TooYoung => return Choice::TooYoung,
                }
            }
            // The client has just sent something, which its task has not seen yet.
            if state.phase.reads_at_once() && connection.has_unread() {
                self.shift(&connection, end);
            } else if connection.close(state) {
                self.remove(&connection);
                return Choice::Closed(connection);
            }
        }
        Choice::Missing
    }

    /// Closes each connection that was idle, or in the middle of a head, for too long, and those whose client has not
    /// read an answer before its deadline. A handshake and a body have timeouts of their own, with an answer or a line of
    /// the log.
    pub(super) fn close_idle(&mut self, now: u64) {
        self.close_unread(now);
        for (rank, timeout) in [
            (Rank::Unused, SHORT_TIMEOUT),
            (Rank::Idle, SHORT_TIMEOUT),
            (Rank::Receiving, SHORT_TIMEOUT),
            (Rank::Reviewed, REVIEWED_TIMEOUT),
        ] {
            let Some(until) = now.checked_sub(timeout) else {
                continue;
            };
            let start = QueuePlace { rank, since: 0 };
            let end = QueuePlace { rank, since: until };
            let range = self.connections.range((start, 0)..(end, 0));
            let old: Vec<Arc<Connection>> = range.map(|(_, connection)| Arc::clone(connection)).collect();
            for connection in old {
                let state = connection.state();
                match QueuePlace::of(state, connection.was_reviewed()) {
                    Some(actual) if actual != connection.place() => self.shift(&connection, actual),
                    Some(_) if matches!(state.phase, Phase::Handshake | Phase::Hello | Phase::PartOfBody) => {
                    }
                    Some(_) if state.phase.reads_at_once() && connection.has_unread() => {}
                    Some(_) => {
                        if connection.close(state) {
                            self.remove(&connection);
                        }
                    }
                    None => self.shift(&connection, QueuePlace { rank, since: now }),
                }
            }
        }
    }

    /// Closes each connection whose client has not read an answer before its deadline.
    fn close_unread(&mut self, now: u64) {
        let start = QueuePlace {
            rank: Rank::Unread,
            since: 0,
        };
        let unread = self.connections.range((start, 0)..);
        let unread = unread.map(|(_, connection)| (Arc::clone(connection), connection.state()));
        // In another phase, the answer was written, and its task takes another place.
        let late: Vec<_> = unread
            .filter(|(_, state)| state.phase == Phase::Unread)
            .filter(|(connection, state)| connection.answer_deadline(state.since) <= now)
            .collect();
        for (connection, state) in late {
            if connection.close(state) {
                self.remove(&connection);
            }
        }
    }
}

fn key(connection: &Connection) -> (QueuePlace, u64) {
    (connection.place(), connection.id())
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpStream};

    use super::super::sparing::SECOND;
    use super::super::state::State;
    use super::super::stream::SharedSocket;
    use super::*;

    /// Returns a queue with one connection for each phase, the first of which is 1 second old, the next one 2 seconds, and
    /// so on. `true` is for a connection that had a review.
    async fn queue(phases: &[(Phase, bool)]) -> (Queue, Vec<TcpStream>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (mut queue, mut clients) = (Queue::default(), Vec::new());
        for (seconds, (phase, was_reviewed)) in (1..).zip(phases) {
            clients.push(TcpStream::connect(listener.local_addr().unwrap()).await.unwrap());
            let (socket, peer) = listener.accept().await.unwrap();
            let socket = SharedSocket::new(socket);
            let id = queue.next_id();
            let connection = Connection::new(id, 0, peer.into(), Arc::clone(socket.shared()));
            if *was_reviewed {
                connection.set_reviewed();
            }
            let since = NOW - seconds * SECOND;
            let state = State { phase: *phase, since };
            connection.change(connection.state(), state).unwrap();
            queue.insert(Arc::new(connection));
        }
        (queue, clients)
    }

    const NOW: u64 = 1000 * SECOND;

    /// Closes all connections that may be closed, and returns their numbers, which begin with 1.
    fn close_all(queue: &mut Queue) -> Vec<u64> {
        let closed = std::iter::from_fn(|| queue.close_first(NOW));
        closed.map(|(connection, _)| connection.id()).collect()
    }

    #[tokio::test]
    async fn places_that_lag_behind_do_not_change_the_order() {
        let phases = [
            (Phase::Queued, true),
            (Phase::Unread, true),
            (Phase::Idle, true),
            (Phase::Idle, true),
            (Phase::PartOfBody, true),
            (Phase::PartOfHead, false),
            (Phase::Idle, false),
            (Phase::Idle, false),
            (Phase::Unused, false),
            (Phase::Handshake, false),
            (Phase::Answer, true),
            (Phase::Body, false),
        ];
        let (mut queue, _clients) = queue(&phases).await;
        assert_eq!(close_all(&mut queue), [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
        // The request of one may be complete, and the answer of the other one must not be cut.
        assert_eq!(queue.len(), 2);
    }

    #[tokio::test]
    async fn connection_with_unread_bytes_is_not_idle() {
        let (mut queue, clients) = queue(&[(Phase::Idle, true), (Phase::Idle, true)]).await;
        clients[1].writable().await.unwrap();
        clients[1].try_write(b"POST").unwrap();
        assert_eq!(close_all(&mut queue), [1]);
    }

    #[tokio::test]
    async fn new_clients_are_spared_while_there_are_others() {
        let phases = [[(Phase::Handshake, false); 4], [(Phase::Idle, true); 4]].concat();
        let (mut queue, _clients) = queue(&phases).await;
        queue.closings.sparing(NOW - SECOND, 8, 8);
        (0..100).for_each(|_| queue.closings.count());
        // Their number is half of that of the connections.
        queue.next_id = 4;
        assert_eq!(close_all(&mut queue), [8, 7, 6, 5, 4, 3, 2, 1]);
    }

    #[tokio::test]
    async fn idle_times_depend_on_reviews() {
        let phases = [
            (Phase::Unused, false),
            (Phase::Idle, false),
            (Phase::PartOfHead, true),
            (Phase::Idle, true),
            (Phase::Unread, true),
            // These have timeouts of their own.
            (Phase::Handshake, false),
            (Phase::PartOfBody, true),
            (Phase::Answer, true),
        ];
        let (mut queue, _clients) = queue(&phases).await;
        let mut closed_after = |seconds: u64| {
            let before = queue.len();
            queue.close_idle(NOW + seconds * SECOND);
            before - queue.len()
        };
        assert_eq!([6, 1, 1, 1].map(&mut closed_after), [0, 0, 0, 0]);
        assert_eq!([7, 8, 9, 10].map(&mut closed_after), [0, 1, 1, 1]);
        // The deadline of the answer that is not read, and the idle time after a review.
        assert_eq!([24, 25, 116, 117, 1000].map(&mut closed_after), [0, 1, 0, 1, 0]);
    }
}
